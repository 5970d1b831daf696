using Px.Pruning.Probing;
using Px.Pruning.Walks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

/// <summary>
/// Finds the units that are constants whatever the network's input is, and what they are where they arrive. A unit that a layer makes of
/// constants only, by its weights that are not zero, is handed on as the layer computes it; all others are handed on as random numbers,
/// positive in one sample, negative in another, so that what arrives equal in all samples and places owes nothing to them. The code
/// between layers is the caller's own: additions, products and activations are taken as they are.
/// </summary>
internal sealed class ConstantEvaluation(IReadOnlyList<LayerCall> calls) : Evaluation
{
    /// <summary>Samples of the input: positive, negative, large of both signs.</summary>
    internal const int Samples = 3;

    // What places of one constant may differ by, since sums are taken in another order at borders.
    private const double Tolerance = 1e-12;

    // Past the threshold of any usual activation.
    private const double Large = 100;

    private Tensor? handedOn;

    /// <summary>For each call so far, the constant that arrives at each input unit; NaN where it is none.</summary>
    internal List<double[]> Arrivals { get; } = [];

    /// <summary>For each call so far, the constant that leaves at each output unit; NaN where it is none.</summary>
    internal List<double[]> Departures { get; } = [];

    /// <summary>For each call so far, whether it receives the tensor that the call before handed on, untouched.</summary>
    internal List<bool> Follows { get; } = [];

    /// <summary>Numbers that are positive in the first third of the entries, negative in the second, and large and of both signs in the last.</summary>
    internal static Tensor Varied(long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        var numbers = randn(shape, float64, device);
        if (shape[0] % Samples != 0) return numbers.MoveToOuterDisposeScope();
        long third = shape[0] / Samples;
        var (positive, negative) = (numbers.narrow(0, 0, third).abs() + 0.1, -(numbers.narrow(0, third, third).abs() + 0.1));
        return cat([positive, negative, numbers.narrow(0, 2 * third, third) * Large], 0).MoveToOuterDisposeScope();
    }

    internal override bool Replaces(Site site) => site.Weighted is not null || site.IsChannelwise;

    internal override Tensor Compute(Site site, Tensor input)
    {
        int index = Arrivals.Count;
        if (index >= calls.Count || calls[index].Site != site) throw CutEvaluation.OtherCourse(site);
        var call = calls[index];
        using var scope = NewDisposeScope();
        Arrivals.Add(Constants(input, call.UnitDimensionFromEnd));
        Follows.Add(handedOn is not null && handedOn.shape.SequenceEqual(input.shape) && handedOn.eq(input).all().ToBoolean());

        using var state = LayerState.Of(site.Module);
        var output = state.Apply(site, input);
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

    /// <summary>To be called after the pass.</summary>
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
