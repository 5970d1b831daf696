using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// Finds the units that are constants whatever the network's input is, and what they are where they arrive. A unit that a layer makes of
// constants only, by its weights that are not zero, is handed on as the layer computes it; all others are handed on as random numbers, of
// one sign in each sample, small and large, so that what arrives equal in all samples and places owes nothing to them. The code between
// layers is the caller's own: additions, products and activations are taken as they are.
internal sealed class ConstantEvaluation(IReadOnlyList<LayerCall> calls) : Evaluation
{
    // Samples of the input: positive, negative, positive and large, negative and large.
    internal const int Samples = 4;

    // What places of one constant may differ by, since sums are taken in another order at borders.
    private const double Tolerance = 1e-12;

    // Past the threshold of any usual activation, and past what a constant that is added may take from it.
    private const double Large = 1e4;

    private Tensor? handedOn;

    // For each call so far, the constant that arrives at each input unit; NaN where it is none.
    internal List<double[]> Arrivals { get; } = [];

    // For each call so far, the constant that leaves at each output unit; NaN where it is none.
    internal List<double[]> Departures { get; } = [];

    // For each call so far, whether it receives the tensor that the call before handed on, untouched.
    internal List<bool> Follows { get; } = [];

    // Random numbers: entries of a quarter are positive, negative, positive and large, negative and large.
    internal static Tensor Varied(long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        var numbers = randn(shape, float64, device);
        if (shape[0] % Samples != 0) return (numbers * Large).MoveToOuterDisposeScope();
        var signs = tensor([1, -1, Large, -Large],
            device: device).repeat_interleave(shape[0] / Samples).reshape([-1, .. shape[1..].Select(_ => 1L)]);
        return ((numbers.abs() + 0.1) * signs).MoveToOuterDisposeScope();
    }

    internal override bool Replaces(HookedModule hooked) => hooked.Weighted is not null || hooked.IsChannelwise;

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        int index = Arrivals.Count;
        if (index >= calls.Count || calls[index].Layer != hooked) throw CutEvaluation.OtherCourse(hooked);
        var call = calls[index];
        using var scope = NewDisposeScope();
        Arrivals.Add(Constants(input, call.UnitDimensionFromEnd));
        Follows.Add(handedOn is not null && handedOn.shape.SequenceEqual(input.shape) && handedOn.eq(input).all().ToBoolean());

        using var state = LayerState.Of(hooked.Module);
        var output = state.Apply(hooked, input);
        double[] constants = Constants(output, call.UnitDimensionFromEnd);
        bool[] varies = ChannelReads.Forward(call, [.. Arrivals[^1].Select(double.IsNaN)]);
        for (int unit = 0; unit < constants.Length; unit++)
            if (varies[unit]) constants[unit] = double.NaN;
        Departures.Add(constants);

        long[] broadcast = [.. output.shape.Select(_ => 1L)];
        broadcast[^call.UnitDimensionFromEnd] = constants.Length;
        var varying = tensor(constants.Select(double.IsNaN).ToArray()).to(output.device).reshape(broadcast);
        var result = where(varying, Varied(output.shape, output.device), output);
        handedOn?.Dispose();
        handedOn = result.clone().DetachFromDisposeScope();
        return result.MoveToOuterDisposeScope();
    }

    // To be called after the pass.
    internal void Release() => handedOn?.Dispose();

    private static double[] Constants(Tensor tensor, int dimensionFromEnd)
    {
        using var scope = NewDisposeScope();
        long dimension = tensor.dim() - dimensionFromEnd;
        var places = dimension > 0 ? tensor.transpose(0, dimension) : tensor;
        places = places.reshape(places.size(0), -1); // [units, places]
        if (places.size(1) == 0) return [.. Enumerable.Repeat(double.NaN, (int)places.size(0))];
        Tensor low = places.amin([1L]), high = places.amax([1L]);
        var equal = (high - low) <= Tolerance * low.abs().maximum(high.abs());
        equal = equal.logical_and(high.isfinite());
        return where(equal, high, full_like(high, double.NaN)).cpu().contiguous().data<double>().ToArray();
    }
}
