using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// Finds out what raw tensors do, from how the sum of a module's output grows with a tensor p and with the input x. A scale is a factor:
// what p adds to the output doubles with x, and doubles with p. A shift is added: what p adds doubles with p alone. All tensors hold
// positive numbers meanwhile, so that none hides another, until they are found to be shifts, which become zero. The first module that p
// reaches decides, since code after it may not be linear.
internal static class RawRoles
{
    // Once. A network that cannot be run so keeps its tensors as they are.
    internal static void Find(Network network)
    {
        if (network.Raw.AreKnown || !network.Raw.Undecided.Any()) return;
        // A layer that no hook sees computes in its own type alone.
        ScalarType[] types = network.Unhooked.Count > 0 ? [network.WeightType] : [ScalarType.Float64, network.ComputeType];
        _ = Array.Exists(types, dtype => TryFind(network, dtype));
        network.Raw.AreKnown = true;
    }

    // The same; throws an UnsupportedModelException for a tensor that does something else, or several things.
    internal static void Require(Network network)
    {
        Find(network);
        if (network.Raw.Unclear is not [var raw, ..]) return;
        throw new UnsupportedModelException(
            $"Whether '{raw.Name}' multiplies what flows through the network or is added to it cannot be told: the code that reads it is "
            + "not linear in it, or not in what flows (an activation, exp, sigmoid or softmax called as a function), or uses it in both "
            + $"ways. Say by PruningOptions.RawTensors that \"{raw.Name}\" is a RawTensorRole.Scale or Shift, or make it one of the two.")
        { Module = raw.Name[..Math.Max(0, raw.Name.LastIndexOf('.'))] };
    }

    private static bool TryFind(Network network, ScalarType dtype)
    {
        var open = network.Raw.Undecided.ToList();
        try
        {
            while (open.Count > 0 && Decide(new RawProbe(network, dtype), open)) { }
            network.Raw.Unclear = open;
            return true;
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            return false;
        }
    }

    // One round over the open tensors: removes those that are decided or reach nothing. Whether it found a shift, so that others may be
    // clear without it.
    private static bool Decide(RawProbe probe, List<RawTensor> open)
    {
        bool foundShift = false;
        var (once, twice) = (probe.Sums(1), probe.Sums(2));
        foreach (var raw in open.ToList())
        {
            double[] without = probe.Sums(1, raw, 0), doubled = probe.Sums(2, raw, 2);
            int at = probe.FirstChange(once, without, twice, doubled);
            if (at < 0)
            {
                open.Remove(raw);
                continue;
            }

            // p·x from p = 0 to p at x, from p to 2p at 2x; for x/p, from 2p to p at x, from 4p to 2p at 2x.
            var (added, again, isQuotient) = double.IsFinite(without[at])
                ? (once[at] - without[at], doubled[at] - twice[at], false)
                : (once[at] - probe.Sums(1, raw, 2)[at], doubled[at] - probe.Sums(2, raw, 4)[at], true);
            // A tensor that is divided by its own size adds the same whatever its size.
            raw.Role = !probe.Differ(once[at], once[at] - added) ? null
                : probe.Equal(again, isQuotient ? added : 2 * added) ? RawTensorRole.Scale
                : probe.Equal(again, added) && !isQuotient ? RawTensorRole.Shift
                : null;
            if (raw.Role is null) continue;
            open.Remove(raw);
            if (raw.Role == RawTensorRole.Scale) continue;
            foundShift = true;
            (once, twice) = (probe.Sums(1), probe.Sums(2));
        }

        return foundShift;
    }

    // Runs the network of paths without weights, with positive numbers in raw tensors, for one sample of ones.
    private sealed class RawProbe(Network network, ScalarType dtype)
    {
        // Smaller changes of a sum may be rounding; what is left of it in larger ones is below the tolerance.
        private readonly (double Noise, double Tolerance) type = dtype == ScalarType.Float64 ? (1e-10, 1e-4) : (1e-3, 1e-2);

        // The sum of each module's output for an input of value, with another multiple of a tensor's numbers.
        internal double[] Sums(double value, RawTensor? changed = null, double factor = 1)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var sums = new List<double>();
            var evaluation = new NumberEvaluation(raw => raw == changed ? factor : 1)
            {
                Observer = (_, _, output) => sums.Add(output.sum().ToDouble()),
            };
            network.Run(evaluation, network.Sample!.Full(value, dtype, network.Device));
            return [.. sums];
        }

        // The first module whose output a tensor changes; −1 where it changes none.
        internal int FirstChange(double[] once, double[] without, double[] twice, double[] doubled)
        {
            int length = Math.Min(Math.Min(once.Length, without.Length), Math.Min(twice.Length, doubled.Length));
            for (int i = 0; i < length; i++)
                if (Differ(once[i], without[i]) || Differ(twice[i], doubled[i])) return i;
            return -1;
        }

        internal bool Equal(double found, double expected) => Math.Abs(found - expected) <= type.Tolerance * Math.Abs(expected);

        internal bool Differ(double a, double b) => !(Math.Abs(a - b) <= type.Noise * (Math.Abs(a) + Math.Abs(b)));
    }

    private sealed class NumberEvaluation(Func<RawTensor, double> factor) : MeanEvaluation
    {
        // Signed, so that a layer stays linear where code before it subtracts.
        protected override double Mean(Tensor input) => input.mean().ToDouble();

        // From a quarter to a half, in no order: below the input, from which code may subtract them.
        internal override Tensor? Value(RawTensor raw, ScalarType dtype)
        {
            if (raw.IsSlope) return raw.As(dtype);
            using var scope = NewDisposeScope();
            if (raw.Role == RawTensorRole.Shift) return raw.OnPaths(0, dtype)!.MoveToOuterDisposeScope();
            var index = arange(raw.Tensor.numel(), ScalarType.Float64, raw.Tensor.device);
            var numbers = (index * 0.6180339887498949).frac_().add_(1).mul_(factor(raw) / 4);
            return numbers.to(dtype).reshape(raw.Tensor.shape).MoveToOuterDisposeScope();
        }
    }
}
