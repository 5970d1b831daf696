using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.PathExclusion;

// Checks on one sample that the gates seen at module boundaries are all gates of the network. Each layer's output z is replaced: by z + ε·t
// in f, by t in g, for some t ≥ 0. What then reaches the next layers must satisfy (f(z + ε·t) − f(z)) / ε = g(t), since the code in
// between is piecewise linear. Otherwise a ReLU was called as a function and its output combined further before it reached a module. If
// the check succeeds once the layer before passes on signs, it does so from now on.
internal static class GateCheck
{
    private const double Epsilon = 1e-8;

    // A perturbation may cross a few kinks; a missed gate changes about half of all entries.
    private const double ToleratedFraction = 1e-3;

    internal static void Run(Network network, NormStatistics statistics, Inputs input)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        // Without the mask, which would make channels constant; which gates are seen depends on the model's code only.
        using var weights = new MaskedWeights(network, null);
        using var generator = new Generator(1);
        var sample = input.Narrow(0, 1).MapNumbers(numbers => WithNoise(numbers.to(ScalarType.Float64), generator));
        int corrected = -1; // the last mismatch that signs were to remove
        while (FirstMismatch(network, weights, statistics, sample) is { } mismatch)
        {
            var before = mismatch.Earlier.LastOrDefault(hooked => !IsConstant(hooked) && !hooked.PassesSigns);
            // Signs are those of the layer's own output, which a negative scale turns.
            if (mismatch.Index <= corrected || before is null || network.Raw.ScaleByNegativeNumbers) throw Missed(mismatch.Layer);
            before.PassesSigns = true;
            corrected = mismatch.Index;
        }
    }

    private static (int Index, HookedModule? Layer, IReadOnlyList<HookedModule> Earlier)? FirstMismatch(
        Network network, MaskedWeights weights, NormStatistics statistics, Inputs sample)
    {
        using var scope = NewDisposeScope();
        using var norms = new NormPolicy(statistics);
        using var pattern = new ActivationPattern();
        using var unused = new ActivationPattern();
        var plain = new Trace(new ForwardEvaluation(weights, norms, pattern), null);
        var inputs = plain.Run(network, sample);
        // A module that multiplies paths is a constant, and what feeds it need not be linear.
        var tests = plain.Modules.Zip(plain.Outputs, (hooked, z) => hooked.IsGate ? z : TestVector(z)).ToList();
        var perturbed = plain.Modules.Zip(plain.Outputs, (hooked, z) => hooked.IsGate ? z : Moved(z)).ToList();
        var moved = new Trace(new ForwardEvaluation(weights, norms, unused), perturbed).Run(network, sample.MapNumbers(Moved));
        var path = new PathEvaluation { Weight = weights.Ones, OwnsWeights = true, Pattern = pattern, InPlace = true };
        var gated = new Trace(path, tests).Run(network, sample.MapNumbers(TestVector));

        for (int i = 0; i < inputs.Count; i++)
        {
            if (i < plain.Modules.Count && (plain.Modules[i].IsGate || plain.Modules[i].FeedsOnlyGates)) continue;
            if (!Agree((moved[i] - inputs[i]) / Epsilon, gated[i]))
                return (i, i < plain.Modules.Count ? plain.Modules[i] : null, plain.Modules.Take(i).ToList());
        }

        return null;
    }

    // Adds noise of the sample's own size: a constant background would give ties in max-pooling, where no derivative is defined.
    private static Tensor WithNoise(Tensor sample, Generator generator)
    {
        using var scope = NewDisposeScope();
        double size = sample.abs().mean().ToDouble();
        var noise = randn(sample.shape, ScalarType.Float64, generator: generator).to(sample.device);
        return (sample + noise * (size > 0 ? size : 1)).MoveToOuterDisposeScope();
    }

    // Whether the module's output is given, and its gate or factor known.
    private static bool IsConstant(HookedModule hooked) => hooked.IsOtherActivation || hooked.IsGate;

    private static bool Agree(Tensor expected, Tensor found)
    {
        using var scope = NewDisposeScope();
        if (found.numel() == 0) return true;
        double scale = Math.Max(found.abs().max().ToDouble(), expected.abs().max().ToDouble());
        var wrong = (expected - found).abs().gt(1e-3 * scale);
        return wrong.sum().ToDouble() <= ToleratedFraction * found.numel();
    }

    // Non-negative, of the size of z, different for neighbours; 0 where f has a kink: where z is 0, and in constant channels, where every
    // entry is the maximum.
    private static Tensor TestVector(Tensor z)
    {
        using var scope = NewDisposeScope();
        var varied = arange(z.numel(), ScalarType.Float64, z.device).remainder(7).reshape(z.shape) / 8 + 1;
        var t = varied * z.abs().mean() * z.ne(0);
        if (z.dim() > 2)
        {
            long[] positions = [.. Enumerable.Range(2, (int)z.dim() - 2)];
            t = t * z.amax(positions, true).ne(z.amin(positions, true));
        }

        return t.MoveToOuterDisposeScope();
    }

    private static Tensor Moved(Tensor z) => z + TestVector(z) * Epsilon;

    private static UnsupportedModelException Missed(HookedModule? hooked) => new(
        $"What reaches {(hooked is null ? "the model's output" : $"'{hooked.Name}'")} passed an activation or a max-pooling that was "
        + "called as a function and combined with something else before any module saw it, so that its gates are unknown. "
        + "Make it a module (torch.nn.ReLU, torch.nn.MaxPool2d) and call it through call().")
    { Module = hooked?.Name ?? "" };

    // Runs another evaluation and records what enters and leaves each layer, or replaces the layers' outputs by given ones.
    private sealed class Trace(Evaluation inner, IReadOnlyList<Tensor>? outputs) : Evaluation
    {
        private readonly DisposeScope owner = CurrentDisposeScope!;
        private readonly List<Tensor> inputs = [];

        internal List<HookedModule> Modules { get; } = [];

        internal List<Tensor> Outputs { get; } = [];

        // What entered each layer, in order, and the network's output.
        internal List<Tensor> Run(Network network, Inputs input)
        {
            var output = network.Run(this, input);
            return [.. inputs, output];
        }

        internal override bool Replaces(HookedModule hooked) => inner.Replaces(hooked) || IsConstant(hooked);

        // The same scales in f and g, without signs, as the theory asks of g.
        internal override Tensor? Value(RawTensor raw, ScalarType dtype) =>
            raw.Role == RawTensorRole.Scale ? raw.OnPaths(1, dtype) : inner.Value(raw, dtype);

        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            if (hooked.Weighted is null && hooked.Norm is null && !IsConstant(hooked)) return inner.Compute(hooked, input);
            inputs.Add(input.clone().MoveToOtherDisposeScope(owner));
            Modules.Add(hooked);
            var output = outputs is not null ? outputs[Modules.Count - 1].clone()
                : IsConstant(hooked) ? hooked.Module.forward(input.clone()) : inner.Compute(hooked, input);
            if (outputs is null) Outputs.Add(output.clone().MoveToOtherDisposeScope(owner));
            return output;
        }

        internal override Tensor? Enter(HookedModule hooked, int step, Tensor input) => inner.Enter(hooked, step, input);

        // The gate of another activation is its squared derivative by definition: there is nothing to check. Nor is a factor's square.
        internal override Tensor? Leave(HookedModule hooked, int step, Tensor output) =>
            IsConstant(hooked) ? null : inner.Leave(hooked, step, output);
    }
}
