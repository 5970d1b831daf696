using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// Finds the units that are constant whatever the network's input is, and their values where they arrive. A layer returns a unit that it
// computes from constants alone (by its weights that are not zero) as it is, and any other unit as random numbers, small and large and of
// one sign in each sample: what then arrives equal in all samples and places does not depend on those. The code between layers is the
// caller's own.
internal sealed class ConstantEvaluation(IReadOnlyList<LayerCall> calls) : CallEvaluation(calls)
{
    // Samples of the input: positive, negative, positive and large, negative and large.
    internal const int Samples = 4;

    // Places of one constant differ by rounding, since sums are taken in another order at borders.
    private const double Tolerance = 1e-12;

    // Beyond the threshold of any usual activation, even after the addition of a constant.
    private const double Large = 1e4;

    private Tensor? lastOutput;

    // For each call so far, the constants at its input units and at its output units; NaN where there is none.
    internal List<double[]> Arrivals { get; } = [];

    internal List<double[]> Departures { get; } = [];

    // For each call so far, whether its input is the unchanged output of the call before.
    internal List<bool> Follows { get; } = [];

    // Random numbers, by quarters of the samples: positive, negative, positive and large, negative and large.
    internal static Tensor Varied(long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        var numbers = randn(shape, float64).to(device);
        if (shape[0] % Samples != 0) return (numbers * Large).MoveToOuterDisposeScope();
        var signs = tensor([1, -1, Large, -Large], device: device).repeat_interleave(shape[0] / Samples)
            .reshape([-1, .. shape[1..].Select(_ => 1L)]);
        return ((numbers.abs() + 0.1) * signs).MoveToOuterDisposeScope();
    }

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        var call = Expect(Arrivals.Count, hooked);
        using var scope = NewDisposeScope();
        Arrivals.Add(Constants(input, call));
        Follows.Add(lastOutput is not null && lastOutput.shape.SequenceEqual(input.shape) && lastOutput.eq(input).all().ToBoolean());

        using var state = LayerState.Of(hooked.Module);
        var output = state.Apply(hooked, input);
        double[] constants = Constants(output, call);
        bool[] varies = ChannelReads.Forward(call, [.. Arrivals[^1].Select(double.IsNaN)]);
        for (int unit = 0; unit < constants.Length; unit++)
            if (varies[unit]) constants[unit] = double.NaN;
        Departures.Add(constants);

        long[] broadcast = [.. output.shape.Select(_ => 1L)];
        broadcast[^call.UnitDimensionFromEnd] = constants.Length;
        var varying = tensor(constants.Select(double.IsNaN).ToArray()).to(output.device).reshape(broadcast);
        var result = where(varying, Varied(output.shape, output.device), output);
        lastOutput?.Dispose();
        lastOutput = result.clone().DetachFromDisposeScope();
        return result.MoveToOuterDisposeScope();
    }

    // To be called after the pass.
    internal void Release() => lastOutput?.Dispose();

    private static double[] Constants(Tensor tensor, LayerCall call)
    {
        using var scope = NewDisposeScope();
        var places = ByUnit(tensor, call);
        if (places.size(1) == 0) return [.. Enumerable.Repeat(double.NaN, (int)places.size(0))];
        Tensor low = places.amin([1L]), high = places.amax([1L]);
        var equal = (high - low) <= Tolerance * low.abs().maximum(high.abs());
        return Values(where(equal.logical_and(high.isfinite()), high, full_like(high, double.NaN)));
    }
}
