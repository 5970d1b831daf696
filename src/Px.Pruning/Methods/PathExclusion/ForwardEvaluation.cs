using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.PathExclusion;

// Evaluates f, the masked network with biases and norm shifts, and records its activation pattern, max-pooling indices and norm statistics.
// Run it without gradients.
internal sealed class ForwardEvaluation(MaskedWeights weights, NormPolicy norms, ActivationPattern pattern) : Evaluation
{
    // A tensor may pass several module boundaries; its fingerprint shows whether it was changed in place in between.
    private readonly Dictionary<Tensor, double> seen = new(ReferenceEqualityComparer.Instance);

    internal override bool Replaces(HookedModule hooked) => hooked.Weighted is not null || hooked.Norm is not null || hooked.IsMaxPool;

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.Norm is { } norm) return norms.Normalize(norm, input);
        if (hooked.IsMaxPool)
        {
            var (output, flat) = hooked.PoolWithIndices(input);
            pattern.AddIndices(flat);
            return output;
        }

        using var theta = weights.Theta(hooked.Weighted!.Slot, input.dtype);
        using var bias = hooked.Weighted.Bias?.detach().to(input.dtype);
        return hooked.Weighted.Apply(input, theta, bias);
    }

    internal override Tensor? Enter(HookedModule hooked, int step, Tensor input)
    {
        if (hooked.IsOtherActivation) pattern.AddGate(hooked, step + OtherGateOffset, SquaredDerivative(hooked, input));
        else if (!hooked.IsRelu) Observe(hooked, step, input);
        return null;
    }

    internal override Tensor? Leave(HookedModule hooked, int step, Tensor output)
    {
        if (hooked.IsRelu)
        {
            pattern.AddGate(hooked, step, Positive(output));
            if (output.dim() > 0 && output.numel() > 0) seen[output] = Fingerprint(output);
        }
        else if (hooked.IsGate)
        {
            pattern.AddFactor(hooked, step, output.square());
            if (output.dim() > 0 && output.numel() > 0) seen[output] = Fingerprint(output);
        }
        else if (hooked.PassesSigns)
        {
            pattern.AddSigns(hooked, step, Signs(output));
        }
        else if (hooked.Weighted is null && hooked.Norm is null && !hooked.IsOtherActivation)
        {
            Observe(hooked, step, output);
        }

        return null;
    }

    // An activation module has no modules inside, so that it is left one step after it is entered.
    private const int OtherGateOffset = 1;

    // A tensor that is non-negative with zeros comes from a ReLU that was called as a function: adds its gate.
    private void Observe(HookedModule hooked, int step, Tensor tensor)
    {
        if (tensor.dim() == 0 || tensor.numel() == 0) return;
        double fingerprint = Fingerprint(tensor);
        if (seen.TryGetValue(tensor, out double before) && before.Equals(fingerprint)) return;
        seen[tensor] = fingerprint;
        if (double.IsNegative(fingerprint)) return;
        using var scope = NewDisposeScope();
        if (tensor.min().ToDouble() < 0) return;
        var gate = tensor.gt(0);
        if (!gate.all().ToBoolean()) pattern.AddGate(hooked, step, gate);
    }

    // The sum of one sample, or −1 if it has a negative value: cheap, and it differs once the tensor is changed in place. A GPU is waited
    // for once.
    private static double Fingerprint(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var sample = tensor.narrow(0, tensor.size(0) / 2, 1);
        return sample.sum().masked_fill_(sample.min().lt(0), -1).ToDouble();
    }

    // 1 where a ReLU's output is positive. Bytes, since libtorch multiplies by them three times as fast as by bool; it compares slowly.
    private static Tensor Positive(Tensor output)
    {
        using var positive = output.to(ScalarType.Bool);
        return positive.to(ScalarType.Byte);
    }

    // +1 where a following ReLU would pass the output, −1 elsewhere.
    private static Tensor Signs(Tensor output)
    {
        using var scope = NewDisposeScope();
        return output.gt(0).to(ScalarType.Int8).mul_(2).sub_(1).MoveToOuterDisposeScope();
    }

    private static Tensor SquaredDerivative(HookedModule hooked, Tensor input)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        var z = input.detach().clone().requires_grad_();
        // Times one, because an in-place activation cannot write to a leaf.
        var output = hooked.Module.forward(z * 1);
        autograd.backward([output], [ones_like(output)], inputs: [z]);
        return z.grad!.square().MoveToOuterDisposeScope();
    }
}
