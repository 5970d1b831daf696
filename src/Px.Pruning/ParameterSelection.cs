using System.Text.RegularExpressions;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>
/// Which parameters may be pruned. Default: the weight of every <c>Conv1d/2d/3d</c>, <c>ConvTranspose1d/2d/3d</c> and <c>Linear</c>, by
/// the module's type and never by its name, if the output depends on it. Immutable: each method returns another selection.
/// </summary>
/// <remarks>
/// Methods that follow no paths prune any parameter that <see cref="Including(string)"/> adds: weights of attention, recurrent, embedding
/// and bilinear modules, norm scales, biases, and the model's own. They are <see cref="SnipPruner"/> and its relatives,
/// <see cref="GraspPruner"/>, <see cref="NtkSapPruner"/>, <see cref="IterativeMagnitudePruner"/>, <see cref="MagnitudePruner"/>,
/// <see cref="RandomPruner"/>, <see cref="CustomPruner"/> and, of models in float64, <see cref="WideTopoPruner"/>; the others refuse such a
/// selection. FLOPs, units and connections are not known of these parameters.
/// </remarks>
/// <example><code>
/// var options = new PruningOptions { Parameters = ParameterSelection.Default.Including("lstm.weight_*").Excluding("head.*") };
/// </code></example>
public sealed class ParameterSelection
{
    private readonly Func<string, Module, bool, bool> accepts;

    private ParameterSelection(Func<string, Module, bool, bool> accepts) => this.accepts = accepts;

    /// <summary>Every convolution and linear weight.</summary>
    public static ParameterSelection Default { get; } = new((_, _, isLayersWeight) => isLayersWeight);

    // Whether it adds to the default, and the names by which it does.
    internal bool Includes { get; private init; }

    internal IReadOnlyList<(string Text, Regex Regex)> Patterns { get; private init; } = [];

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
        var regex = Compile(pattern);
        return Where((name, _) => !regex.IsMatch(name));
    }

    /// <summary>Keeps only the parameters that a predicate accepts.</summary>
    /// <param name="predicate">Receives a parameter's name and the module that owns it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="predicate"/> is null.</exception>
    public ParameterSelection Where(Func<string, Module, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return new((name, module, isLayersWeight) => accepts(name, module, isLayersWeight) && predicate(name, module))
        {
            Includes = Includes,
            Patterns = Patterns,
            IncludesUnused = IncludesUnused,
        };
    }

    /// <summary>Adds parameters of any kind by name, also those that were excluded before.</summary>
    /// <param name="pattern">
    /// A parameter name such as <c>tokens.weight</c>, where <c>*</c> matches any characters: <c>lstm.weight_*</c>. Pruning a model that has
    /// none of that name causes an <see cref="ArgumentException"/>.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="pattern"/> is null or empty.</exception>
    public ParameterSelection Including(string pattern)
    {
        var regex = Compile(pattern);
        return Including((name, _) => regex.IsMatch(name), [.. Patterns, (pattern, regex)]);
    }

    /// <summary>Adds the parameters of any kind that a predicate accepts, also those that were excluded before.</summary>
    /// <param name="predicate">Receives a parameter's name and the module that owns it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="predicate"/> is null.</exception>
    public ParameterSelection Including(Func<string, Module, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return Including(predicate, Patterns);
    }

    /// <summary>Includes selected layers that the output does not depend on while the network is scored.</summary>
    /// <remarks>
    /// Without it, a layer is left out of the ranking and named in report and log if no sample of the pruning data uses it in evaluation
    /// mode: an auxiliary head that only runs in training, or a layer that <c>forward</c> never calls. What is known of that comes from
    /// running the network, so that with <see cref="PruningData.None"/> every selected layer is ranked.
    /// </remarks>
    public ParameterSelection IncludingUnused() => new(accepts)
    {
        Includes = Includes,
        Patterns = Patterns,
        IncludesUnused = true,
    };

    // isLayersWeight: whether the parameter is the weight of a convolution or linear layer.
    internal bool Accepts(string parameterName, Module owner, bool isLayersWeight) => accepts(parameterName, owner, isLayersWeight);

    private ParameterSelection Including(Func<string, Module, bool> predicate, IReadOnlyList<(string, Regex)> patterns) =>
        new((name, module, isLayersWeight) => accepts(name, module, isLayersWeight) || predicate(name, module))
        {
            Includes = true,
            Patterns = patterns,
            IncludesUnused = IncludesUnused,
        };

    private static Regex Compile(string pattern)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        string any = Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal);
        return new Regex($"^{any}$", RegexOptions.CultureInvariant);
    }

    private static bool Contains(Module outer, Module inner) =>
        ReferenceEquals(outer, inner) || outer.named_modules().Any(m => ReferenceEquals(m.module, inner));
}
