using System.Text.RegularExpressions;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>
/// Which parameters may be pruned. Default: the weight of every <c>Conv1d/2d/3d</c>, <c>ConvTranspose1d/2d/3d</c> and <c>Linear</c>, by
/// the module's type and never by its name. Biases and normalisation layers are never pruned, and of these layers only those that the output
/// depends on. Immutable: each method returns another selection.
/// </summary>
public sealed class ParameterSelection
{
    private readonly Func<string, Module, bool> accepts;

    private ParameterSelection(Func<string, Module, bool> accepts) => this.accepts = accepts;

    /// <summary>Every convolution and linear weight.</summary>
    public static ParameterSelection Default { get; } = new((_, _) => true);

    // Whether layers are ranked that the output does not depend on.
    internal bool IncludesUnused { get; private init; }

    /// <summary>Excludes a module and everything inside it, compared by reference.</summary>
    /// <param name="module">A module of the model that will be pruned.</param>
    /// <exception cref="ArgumentNullException"><paramref name="module"/> is null.</exception>
    public ParameterSelection Excluding(Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        return Where((_, candidate) => !Contains(module, candidate));
    }

    /// <summary>Excludes parameters by name.</summary>
    /// <param name="pattern">A parameter name such as <c>fc.weight</c>, where <c>*</c> matches any characters: <c>head.*</c>.</param>
    /// <exception cref="ArgumentException"><paramref name="pattern"/> is null or empty.</exception>
    public ParameterSelection Excluding(string pattern)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        string any = Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal);
        var regex = new Regex($"^{any}$", RegexOptions.CultureInvariant);
        return Where((name, _) => !regex.IsMatch(name));
    }

    /// <summary>Keeps only the parameters that a predicate accepts.</summary>
    /// <param name="predicate">Receives a parameter's name and the layer that owns it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="predicate"/> is null.</exception>
    public ParameterSelection Where(Func<string, Module, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return new((name, module) => accepts(name, module) && predicate(name, module)) { IncludesUnused = IncludesUnused };
    }

    /// <summary>Includes selected layers that the output does not depend on while the network is scored.</summary>
    /// <remarks>
    /// Without it, a layer is left out of the ranking and named in report and log if no sample of the pruning data uses it in evaluation
    /// mode: an auxiliary head that only runs in training, or a layer that <c>forward</c> never calls. What is known of that comes from
    /// running the network, so that with <see cref="PruningData.None"/> every selected layer is ranked.
    /// </remarks>
    public ParameterSelection IncludingUnused() => new(accepts) { IncludesUnused = true };

    internal bool Accepts(string parameterName, Module layer) => accepts(parameterName, layer);

    private static bool Contains(Module outer, Module inner) =>
        ReferenceEquals(outer, inner) || outer.named_modules().Any(m => ReferenceEquals(m.module, inner));
}
