using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.PathExclusion;

// Proves on one sample that the gates seen at module boundaries are all the gates there are: between two layers, g must change exactly as f
// does when f's values are nudged. Every layer's output z is replaced: by z + ε·t in f, by t in g, for some t ≥ 0. What then reaches the
// next layers must satisfy (f(z + ε·t) − f(z)) / ε = g(t), since the code in between is piecewise linear. Where it does not, a ReLU was
// called as a function and its output combined further before any module saw it. If handing on signs heals that, the layer before it does
// so from now on.
internal static class GateCheck
{
    private const double Nudge = 1e-8;

    // A nudge may cross a kink here and there; a missed gate spoils about half of all entries.
    private const double ToleratedFraction = 1e-3;

    // UnsupportedModelException: A gate is missed; the message names the layer that receives the wrong values.
    internal static void Run(Network network, NormStatistics statistics, Tensor input)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        // Unmasked: which gates are seen depends on the code, and a mask makes constant channels.
        using var weights = new MaskedWeights(network, null);
        var sample = Roughened(input.narrow(0, 0, 1).to(ScalarType.Float64));
        int healed = -1;
        while (FirstMismatch(network, weights, statistics, sample) is { } mismatch)
        {
            var before = mismatch.Earlier.LastOrDefault(hooked => !hooked.IsOtherActivation && !hooked.PassesSigns);
            if (mismatch.Index <= healed || before is null) throw Missed(mismatch.Layer);
            before.PassesSigns = true;
            healed = mismatch.Index;
        }
    }

    private static (int Index, HookedModule? Layer, IReadOnlyList<HookedModule> Earlier)? FirstMismatch(
        Network network, MaskedWeights weights, NormStatistics statistics, Tensor sample)
    {
        using var scope = NewDisposeScope();
        using var norms = new NormPolicy(statistics);
        using var pattern = new ActivationPattern();

        using var scratch = new ActivationPattern();

        var plain = new Trace(new ForwardEvaluation(weights, norms, pattern), null);
        var inputs = plain.Run(network, sample);
        var tests = plain.Outputs.Prepend(sample).Select(TestVector).ToList();
        var nudged = plain.Outputs.Zip(tests.Skip(1), (z, t) => z + t * Nudge).ToList();
        var moved = new Trace(new ForwardEvaluation(weights, norms, scratch), nudged).Run(network, sample + tests[0] * Nudge);
        var path = new PathEvaluation { Weight = weights.Ones, OwnsWeights = true, Pattern = pattern, InPlace = true };
        var gated = new Trace(path, [.. tests.Skip(1)]).Run(network, tests[0].clone());

        for (int i = 0; i < inputs.Count; i++)
        {
            if (!Agree((moved[i] - inputs[i]) / Nudge, gated[i]))
                return (i, i < plain.Modules.Count ? plain.Modules[i] : null, plain.Modules.Take(i).ToList());
        }

        return null;
    }

    // The sample with noise of its own size: a black background would make ties in max-pooling, where no derivative is defined. Which gates
    // are seen depends on the code, not on the sample.
    private static Tensor Roughened(Tensor sample)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        double size = sample.abs().mean().ToDouble();
        var noise = randn(sample.shape, ScalarType.Float64, generator: generator).to(sample.device);
        return (sample + noise * (size > 0 ? size : 1)).MoveToOuterDisposeScope();
    }

    private static bool Agree(Tensor expected, Tensor found)
    {
        using var scope = NewDisposeScope();
        if (found.numel() == 0) return true;
        double scale = Math.Max(found.abs().max().ToDouble(), expected.abs().max().ToDouble());
        var wrong = (expected - found).abs().gt(1e-3 * scale);
        return wrong.sum().ToDouble() <= ToleratedFraction * found.numel();
    }

    // Non-negative, of the size of z, different from entry to entry; 0 where f has a kink: where z is 0, and in channels that are constant,
    // whose maximum is everywhere.
    private static Tensor TestVector(Tensor z)
    {
        using var scope = NewDisposeScope();
        var ripple = arange(z.numel(), ScalarType.Float64, z.device).remainder(7).reshape(z.shape) / 8 + 1;
        var t = ripple * z.abs().mean() * z.ne(0);
        if (z.dim() > 2)
        {
            long[] positions = [.. Enumerable.Range(2, (int)z.dim() - 2)];
            t = t * z.amax(positions, true).ne(z.amin(positions, true));
        }

        return t.MoveToOuterDisposeScope();
    }

    private static UnsupportedModelException Missed(HookedModule? hooked) => new(
        $"What reaches {(hooked is null ? "the model's output" : $"'{hooked.Name}'")} passed an activation or a max-pooling that was "
        + "called as a function "
        + "and combined with something else before any module saw it, so that its gates are unknown. "
        + "Make it a module (torch.nn.ReLU, torch.nn.MaxPool2d) and call it through call().")
    { Module = hooked?.Name ?? "" };

    // Runs another evaluation, noting what enters and leaves each layer, or putting given outputs in place of computed ones.
    private sealed class Trace(Evaluation inner, IReadOnlyList<Tensor>? outputs) : Evaluation
    {
        private readonly DisposeScope owner = CurrentDisposeScope!;
        private readonly List<Tensor> inputs = [];

        internal List<HookedModule> Modules { get; } = [];

        internal List<Tensor> Outputs { get; } = [];

        // What entered each layer, in order, and the network's output.
        internal List<Tensor> Run(Network network, Tensor input)
        {
            var output = network.Run(this, input);
            return [.. inputs, output];
        }

        internal override bool Replaces(HookedModule hooked) => inner.Replaces(hooked) || hooked.IsOtherActivation;

        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            if (hooked.Weighted is null && hooked.Norm is null && !hooked.IsOtherActivation) return inner.Compute(hooked, input);
            inputs.Add(input.clone().MoveToOtherDisposeScope(owner));
            Modules.Add(hooked);
            var output = outputs is not null ? outputs[Modules.Count - 1].clone()
                : hooked.IsOtherActivation ? hooked.Module.forward(input.clone()) : inner.Compute(hooked, input);
            if (outputs is null) Outputs.Add(output.clone().MoveToOtherDisposeScope(owner));
            return output;
        }

        internal override Tensor? Enter(HookedModule hooked, int step, Tensor input) => inner.Enter(hooked, step, input);

        // A smooth activation's squared derivative is its gate by definition: there is nothing to prove about it.
        internal override Tensor? Leave(HookedModule hooked, int step, Tensor output) =>
            hooked.IsOtherActivation ? null : inner.Leave(hooked, step, output);
    }
}
