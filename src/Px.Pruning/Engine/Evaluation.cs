using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// One way to evaluate the network: with which weights, which normalisation, which gates. The caller's own forward code runs, and the
// evaluation computes the modules that it replaces. Steps count every entry and exit of a module, so that two runs can be aligned.
internal abstract class Evaluation
{
    internal abstract bool Replaces(HookedModule hooked);

    // The result of a replaced module on its real input. Fresh.
    internal abstract Tensor Compute(HookedModule hooked, Tensor input);

    // The input of a replaced module's own forward, whose result is ignored.
    internal virtual Tensor Placeholder(HookedModule hooked, Tensor input) => hooked.Placeholder(input);

    // What the model's code reads in place of a raw tensor, for an input of this type: fresh, or null for its own value.
    internal virtual Tensor? Value(RawTensor raw, ScalarType dtype) => raw.As(dtype);

    // Called with the input and the output of every module; each returns a fresh tensor to use instead, or null.
    internal virtual Tensor? Enter(HookedModule hooked, int step, Tensor input) => null;

    internal virtual Tensor? Leave(HookedModule hooked, int step, Tensor output) => null;
}

// The network in evaluation mode, in the dtype of its input; each weighted layer counts its positions.
internal sealed class ShapeEvaluation : Evaluation
{
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
