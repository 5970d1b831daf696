using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// Checks that gates are factors of what they multiply, so that a gate's square can take its place among squared weights: what reaches the
// layers and the output must rise with each call of a gate, and in proportion to its change. 1 − gate falls, and a softmax that is divided
// by a sum of its own again is not in proportion.
internal static class GateFactors
{
    private const double Step = 1.0 / 32;

    // Of the largest change: how far float32 rounds. What is not in proportion bends by about a step.
    private const double Tolerance = 2e-3;

    // Maxima have kinks, a few of which a step may cross.
    private const double ToleratedFraction = 0.25;

    internal static void Check(Network network)
    {
        if (!network.HasGates || network.GatesAreChecked) return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var plain = new RaisedGate(network, null, 0);
        for (int call = 0; call < plain.Gates.Count; call++)
        {
            using var temporaries = NewDisposeScope();
            RaisedGate once = new(network, call, Step), twice = new(network, call, 2 * Step);
            if (!IsSame(plain.Arrived, once.Arrived) || !IsSame(plain.Arrived, twice.Arrived)) continue;
            for (int at = 0; at < plain.Arrived.Count; at++)
            {
                var change = once.Arrived[at].Input - plain.Arrived[at].Input;
                var bend = twice.Arrived[at].Input - once.Arrived[at].Input - change;
                if (!IsFactor(plain.Arrived[at].Input, change, bend)) throw Refuse(plain.Gates[call], plain.Arrived[at].Layer);
            }
        }

        network.GatesAreChecked = true;
    }

    // Whether the same layers received tensors of the same shapes. Otherwise PathSigns or linearity have something to say.
    private static bool IsSame(List<(HookedModule Layer, Tensor Input)> a, List<(HookedModule Layer, Tensor Input)> b) =>
        a.Count == b.Count && a.Zip(b).All(pair =>
            pair.First.Layer == pair.Second.Layer && pair.First.Input.shape.SequenceEqual(pair.Second.Input.shape));

    private static bool IsFactor(Tensor value, Tensor change, Tensor bend)
    {
        if (change.numel() == 0) return true;
        double largest = change.abs().max().ToDouble();
        if (change.min().ToDouble() < -Tolerance * Math.Max(largest, Step * value.abs().max().ToDouble())) return false;
        return bend.abs().gt(Tolerance * largest).sum().ToDouble() <= ToleratedFraction * bend.numel();
    }

    private static UnsupportedModelException Refuse(HookedModule gate, HookedModule layer) => new(
        $"'{gate.Name}' multiplies a path, but {(layer.Name.Length == 0 ? "the model's output" : $"what reaches '{layer.Name}'")} is not "
        + "in proportion to it, as with 1 - gate or a gate that is divided by its sum, so that its paths have no product form. Multiply by "
        + "the gate's own output alone.")
    { Module = gate.Name };

    // A run in which layers and gates return fixed numbers, those of one call of a gate a step larger.
    private sealed class RaisedGate : FixedEvaluation
    {
        // Other numbers than those of any layer.
        private const int FirstCall = 1 << 20;

        private readonly int? raised;
        private readonly double step;

        internal RaisedGate(Network network, int? raised, double step) : this(raised, step, CurrentDisposeScope!, [])
        {
            var numbers = Numbers([1, network.Sample!.Numbers], network.ComputeType, network.Device, 0);
            Arrived.Add((network.Output, network.Run(this, network.Sample.Deal(numbers))));
        }

        private RaisedGate(int? raised, double step, DisposeScope owner, List<(HookedModule Layer, Tensor Input)> arrived)
            : base(larger: false, (hooked, input) => arrived.Add((hooked, input.clone().MoveToOtherDisposeScope(owner)))) =>
            (this.raised, this.step, Arrived) = (raised, step, arrived);

        internal List<(HookedModule Layer, Tensor Input)> Arrived { get; }

        internal List<HookedModule> Gates { get; } = [];

        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            var output = base.Compute(hooked, input);
            if (!hooked.IsGate) return output;
            double more = Gates.Count == raised ? step : 0;
            using var numbers = Numbers(output.shape, output.dtype, output.device, more, FirstCall + Gates.Count);
            Gates.Add(hooked);
            output.copy_(numbers);
            return output;
        }
    }
}
