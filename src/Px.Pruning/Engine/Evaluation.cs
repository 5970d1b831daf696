using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// One way to evaluate the network: with which weights, which normalisation, which gates. The forward code that runs is the caller's own; an
// evaluation only answers for the modules it substitutes. Events count every entry and exit of a module through call, so that two runs of
// the same code can be aligned.
internal abstract class Evaluation
{
    internal abstract bool Replaces(HookedModule hooked);

    // The result of a replaced module on its real input. Fresh.
    internal abstract Tensor Compute(HookedModule hooked, Tensor input);

    // What a replaced module's own forward is handed meanwhile; its result is thrown away.
    internal virtual Tensor Placeholder(HookedModule hooked, Tensor input) => hooked.Placeholder(input);

    // Sees what enters a module; returns a fresh tensor to use in its place, or null.
    internal virtual Tensor? Enter(HookedModule hooked, int step, Tensor input) => null;

    // Sees what leaves a module; returns a fresh tensor to use in its place, or null.
    internal virtual Tensor? Leave(HookedModule hooked, int step, Tensor output) => null;
}

// The network as it is in evaluation mode, but in the dtype of its input; each weighted layer notes its shapes.
internal sealed class ShapeEvaluation : Evaluation
{
    // Whether layers count this pass among the uses of their weights.
    internal bool NotesShapes { get; init; } = true;

    internal override bool Replaces(HookedModule hooked) => hooked.Weighted is not null || hooked.Norm is not null;

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.Norm is { } norm)
            return norm.UsesBatch(NormStatistics.Running) ? norm.NormalizeBatch(input) : norm.NormalizeRunning(input);
        var layer = hooked.Weighted!;
        using var weight = layer.Weight.detach().to(input.dtype);
        using var bias = layer.Bias?.detach().to(input.dtype);
        var output = layer.Apply(input, weight, bias);
        if (NotesShapes) layer.Observe(input, output);
        return output;
    }
}
