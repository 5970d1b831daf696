using Px.Pruning.Engine.Norms;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// A network of paths: linear in its input, with the given non-negative weights, no biases or shifts, and norm layers as fixed scales. h
// (path kernel): squared weights, squared scales, every activation on. g (path activations): ones as weights, no scales, the gates of f.
// the joint network: squared weights, squared scales, the gates of f. With shifts and biases gone every ReLU sees non-negative numbers and
// is the identity, so only the gates remain of it.
internal class PathEvaluation : Evaluation
{
    // The weight of a slot in the input's dtype; disposed after use where OwnsWeights.
    internal Func<WeightSlot, ScalarType, Tensor> Weight { get; init; } = (_, _) =>
        throw new InvalidOperationException("This evaluation has no weights.");

    internal bool OwnsWeights { get; init; }

    // s² of a norm layer for so many dimensions, fresh; null for 1.
    internal Func<NormLayer, long, Tensor?>? Scale { get; init; }

    // The gates of f; null for every path active, where max-pooling takes its own maximum.
    internal ActivationPattern? Pattern { get; init; }

    // Whether gates are applied to the tensor itself, so that code between modules sees them as well. Autograd forbids it, since an
    // activation may have saved the tensor.
    internal bool InPlace { get; init; }

    // Sees every tensor that leaves a module.
    internal Action<HookedModule, int, Tensor>? Observer { get; init; }

    internal override bool Replaces(HookedModule hooked) =>
        hooked.Weighted is not null || hooked.Norm is not null || hooked.IsRelu || hooked.IsOtherActivation
            || (hooked.IsMaxPool && Pattern is not null);

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.Norm is { } norm) return Scaled(norm, input);
        if (hooked.IsMaxPool) return Gather(input, Pattern!.NextIndices());
        if (hooked.Weighted is not { } layer) return KeepsItsInput(hooked) && !IsGatedRelu(hooked) ? input.clone() : input.alias();
        var weight = Weight(layer.Slot, input.dtype);
        var output = layer.Apply(input, weight, null);
        if (OwnsWeights) weight.Dispose();
        return output;
    }

    internal override Tensor? Enter(HookedModule hooked, int step, Tensor input) => Gated(hooked, step, input, InPlace);

    internal override Tensor? Leave(HookedModule hooked, int step, Tensor output)
    {
        Tensor? gated;
        // A ReLU called as a function right after this layer gates by itself once it is given f's signs.
        if (Pattern?.Signs(hooked, step) is { } signs) gated = output * signs.to(output.dtype);
        else if (IsGatedRelu(hooked) && KeepsItsInput(hooked)) gated = Gated(hooked, step, output, inPlace: false) ?? output.clone();
        else gated = Gated(hooked, step, output, InPlace);
        Observer?.Invoke(hooked, step, gated ?? output);
        return gated;
    }

    private Tensor? Gated(HookedModule hooked, int step, Tensor tensor, bool inPlace)
    {
        if (Pattern?.Gate(hooked, step) is not { } gate) return null;
        using var cast = gate.dtype is ScalarType.Byte or ScalarType.Bool ? gate.alias() : gate.to(tensor.dtype);
        if (!inPlace || IsExpanded(tensor)) return tensor * cast;
        tensor.mul_(cast);
        return null;
    }

    private Tensor Scaled(NormLayer norm, Tensor input)
    {
        using var wide = Scale?.Invoke(norm, input.dim());
        // A copy: the layer's result must not share memory with its input, or in-place code after it would change both.
        if (wide is null) return input.clone();
        using var scale = wide.to(input.dtype);
        return input * scale;
    }

    internal static Tensor Gather(Tensor input, Tensor indices)
    {
        using var scope = NewDisposeScope();
        var output = input.flatten(2).gather(2, indices.flatten(2)).reshape(indices.shape);
        return output.MoveToOuterDisposeScope();
    }

    // Its gate is applied as it is left, which makes the copy.
    private bool IsGatedRelu(HookedModule hooked) => hooked.IsRelu && Pattern is not null;

    // An activation that is not in place makes a new tensor: what it was given stays ungated for whoever else reads it.
    private static bool KeepsItsInput(HookedModule hooked) => hooked.Module switch
    {
        ReLU m => !m.inplace,
        ReLU6 m => !m.inplace,
        LeakyReLU m => !m.inplace,
        ELU m => !m.inplace,
        SELU m => !m.inplace,
        CELU m => !m.inplace,
        GELU m => !m.inplace,
        SiLU m => !m.inplace,
        Mish m => !m.inplace,
        Hardswish m => !m.inplace,
        Hardtanh m => !m.inplace,
        Tanh m => !m.inplace,
        _ => true,
    };

    // Whether several of its numbers lie in one place of memory.
    protected static bool IsExpanded(Tensor tensor)
    {
        long[] shape = tensor.shape, stride = tensor.stride();
        for (int i = 0; i < shape.Length; i++)
            if (stride[i] == 0 && shape[i] > 1) return true;
        return false;
    }
}
