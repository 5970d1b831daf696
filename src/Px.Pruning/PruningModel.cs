using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning;

/// <summary>A network and how it is called on a batch: any module, with one input or several, and whatever it returns.</summary>
/// <remarks>
/// <para>
/// A <c>Module&lt;Tensor, Tensor&gt;</c> and a module of two inputs, <c>Module&lt;Tensor, Tensor, Tensor&gt;</c>, are converted implicitly:
/// pass them where a <see cref="PruningModel"/> is asked for. For every other module <see cref="From{TModule}"/> takes a function that
/// calls it and returns the one tensor that is scored: the logits out of a tuple or dictionary, or the heads of a network concatenated,
/// each as [B, …]. <see cref="PruningOptions.Loss"/> receives that tensor, and may take it apart again.
/// </para>
/// <para>
/// The inputs are those of the data, in their order (<see cref="PruningData.From{TBatch}"/>): floating-point ones in the type that the
/// method computes in, others as they are. Methods that feed the network numbers of their own, such as ones or squared inputs, do so for
/// every floating-point input; the others keep the values of the data, or of its first sample where the method reads none. The
/// function must compute the same from the same inputs, sample by sample, and call the module through <c>call</c>.
/// </para>
/// </remarks>
/// <example><code>
/// // Two inputs; the outputs are logits of ten classes and those of an auxiliary head, both of which take part in the loss.
/// var network = PruningModel.From(twoHeads, (net, inputs) =>
/// {
///     var (logits, auxiliary) = net.call(inputs[0], inputs[1]);
///     return stack([logits, auxiliary], 2);                        // [B, 10, 2]
/// });
/// var data = PruningData.From(loader, batch => ([batch["left"], batch["right"]], batch["label"]));
/// var options = new PruningOptions
/// {
///     Loss = (output, label) =>
///         functional.cross_entropy(output[.., .., 0], label) + functional.cross_entropy(output[.., .., 1], label) * 0.3,
/// };
/// using var result = new PathExclusionPruner().Prune(network, data, sparsity: 0.9, options);
/// Console.WriteLine(result.Report);
/// </code></example>
public sealed class PruningModel
{
    private readonly Func<IReadOnlyList<Tensor>, Tensor> forward;

    private PruningModel(Module module, Func<IReadOnlyList<Tensor>, Tensor> forward) => (Module, this.forward) = (module, forward);

    /// <summary>The module whose weights are pruned.</summary>
    public Module Module { get; }

    /// <summary>A module and a function that calls it.</summary>
    /// <param name="module">The module whose weights are pruned. Never disposed.</param>
    /// <param name="forward">
    /// Calls the module on the inputs of a batch, each [B, …], and returns one tensor [B, K, …], as a rule logits.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static PruningModel From<TModule>(TModule module, Func<TModule, IReadOnlyList<Tensor>, Tensor> forward)
        where TModule : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(forward);
        return new(module, inputs => forward(module, inputs)
            ?? throw new InvalidOperationException("The function given to PruningModel.From returned null instead of a tensor."));
    }

    /// <summary>A module of one input; null where it is null.</summary>
    /// <param name="module">The module whose weights are pruned.</param>
    public static implicit operator PruningModel(Module<Tensor, Tensor> module) => module is null
        ? null!
        : new(module, inputs => inputs is [var input] ? module.call(input) : throw WrongNumber(module, 1, inputs.Count));

    /// <summary>A module of two inputs; null where it is null.</summary>
    /// <param name="module">The module whose weights are pruned.</param>
    public static implicit operator PruningModel(Module<Tensor, Tensor, Tensor> module) => module is null
        ? null!
        : new(module, inputs => inputs is [var first, var second]
            ? module.call(first, second)
            : throw WrongNumber(module, 2, inputs.Count));

    internal Tensor Run(Inputs inputs) => forward(inputs.Tensors);

    private static ArgumentException WrongNumber(Module module, int expected, int found) => new(
        $"{module.GetType().Name} is called with {Count(expected)}, but the data has {Count(found)}. Choose them with "
        + "PruningData.From(batches, batch => ([…], target)), or say how the module is called with PruningModel.From(module, "
        + "(module, inputs) => …).");

    private static string Count(int inputs) => inputs == 1 ? "one input" : $"{inputs} inputs";
}
