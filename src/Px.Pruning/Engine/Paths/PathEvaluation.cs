using Px.Pruning.Engine.Norms;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// A network of paths: linear in its input, with the given non-negative weights, no biases or shifts, and norm layers as fixed scales.
// h (path kernel): squared weights, squared scales, every activation on. g (path activations): ones as weights, no scales, the gates of f.
// The joint network: squared weights, squared scales, the gates of f. Without shifts and biases every ReLU sees non-negative numbers and is
// the identity, so that only its gate remains. A module that multiplies paths is a constant: f's value squared, or 1.
internal class PathEvaluation : Evaluation
{
    // The weight of a slot in the input's dtype; disposed after use if OwnsWeights.
    internal Func<WeightSlot, ScalarType, Tensor> Weight { get; init; } = (_, _) =>
        throw new InvalidOperationException("This evaluation has no weights.");

    internal bool OwnsWeights { get; init; }

    // s² of a norm layer for so many dimensions, fresh; null for 1.
    internal Func<NormLayer, long, Tensor?>? Scale { get; init; }

    // The power of |γ| with which raw tensors that scale take part, as Weight has it: 2 beside θ², 1 beside |θ|, 0 beside ones.
    internal int RawPower { get; init; }

    // The gates of f; null to make every path active, where max-pooling takes its own maximum.
    internal ActivationPattern? Pattern { get; init; }

    // Whether gates are applied to the tensor in place, so that code between modules sees them as well. Not for a graph, whose operations
    // may have saved the tensor.
    internal bool InPlace { get; init; }

    // Called with every tensor that leaves a module.
    internal Action<HookedModule, int, Tensor>? Observer { get; init; }

    internal override bool Replaces(HookedModule hooked) =>
        hooked.Weighted is not null || hooked.Norm is not null || hooked.IsRelu || hooked.IsOtherActivation || hooked.IsGate
            || (hooked.IsMaxPool && Pattern is not null);

    internal override Tensor? Value(RawTensor raw, ScalarType dtype) => raw.OnPaths(RawPower, dtype);

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.Norm is { } norm) return Scaled(norm, input);
        if (hooked.IsGate) return Ones(hooked, input);
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
        if (Pattern?.Factor(hooked, step) is { } factor) output.copy_(factor);
        // f's signs make a ReLU called as a function right after this layer gate by itself.
        var gated = Pattern?.Signs(hooked, step) is { } signs ? output * signs.to(output.dtype)
            : IsGatedRelu(hooked) && KeepsItsInput(hooked) ? Gated(hooked, step, output, inPlace: false) ?? output.clone()
            : Gated(hooked, step, output, InPlace);
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

    // In memory of its own, unless the module writes into its input.
    private static Tensor Ones(HookedModule hooked, Tensor input)
    {
        if (KeepsItsInput(hooked)) return ones_like(input);
        input.fill_(1);
        return input.alias();
    }

    private Tensor Scaled(NormLayer norm, Tensor input)
    {
        using var wide = Scale?.Invoke(norm, input.dim());
        // A copy, since in-place code after the layer must not change its input.
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

    // The gate of a ReLU is applied to its output, which makes the copy.
    private bool IsGatedRelu(HookedModule hooked) => hooked.IsRelu && Pattern is not null;

    // An activation that is not in place makes a new tensor, so that other readers of its input see it ungated.
    private static bool KeepsItsInput(HookedModule hooked) => hooked.Module is not (ReLU { inplace: true } or ReLU6 { inplace: true }
        or LeakyReLU { inplace: true } or ELU { inplace: true } or SELU { inplace: true } or CELU { inplace: true }
        or GELU { inplace: true } or SiLU { inplace: true } or Mish { inplace: true } or Hardswish { inplace: true }
        or Hardtanh { inplace: true } or Tanh { inplace: true } or Sigmoid { inplace: true } or Hardsigmoid { inplace: true });

    // Whether several of the tensor's numbers share one place of memory.
    protected static bool IsExpanded(Tensor tensor)
    {
        long[] shape = tensor.shape, stride = tensor.stride();
        for (int i = 0; i < shape.Length; i++)
            if (stride[i] == 0 && shape[i] > 1) return true;
        return false;
    }
}
