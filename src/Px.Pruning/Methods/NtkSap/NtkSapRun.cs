using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.NtkSap;

internal sealed class NtkSapRun(ScoringContext context, NtkSapPruner settings) : MethodRun(context)
{
    // Samples in a pass. With constant norm statistics samples are independent, so that chunks only limit memory.
    private const long Chunk = 16;

    private readonly NtkSapDraws draws = settings.Draws ?? new NormalDraws(context.Seed);

    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var mask = round.Weights;
        using var function = WeightFunction.WithFreshNorms(Network);
        var dm = new SlotTensors(Network.Prunable, slot => zeros_like(slot.Weight, ScalarType.Float64));
        foreach (var (index, size) in Batches(round.Number))
        {
            using var temporaries = NewDisposeScope();
            var theta = Draw(draws.Weights, index);
            var moved = theta.Zip(Draw(draws.Perturbation, index), (w, delta) => w + delta * settings.Epsilon);
            var z = Input(index, size);
            function.Set(mask.Mask(theta));
            function.FreezeNorms(z);
            var (atTheta, atMoved) =
                OutputDistance.Differentiate(function, mask.Mask(theta), mask.Mask(moved), Outputs(z), Context.Token);
            // ∂J/∂m = ∂J/∂(θ' ⊙ m) ⊙ θ' + ∂J/∂((θ' + εΔ) ⊙ m) ⊙ (θ' + εΔ)
            foreach (var (slot, sum) in dm)
            {
                using var products = NewDisposeScope();
                sum.add_(atTheta[slot].to(ScalarType.Float64) * theta[slot]);
                sum.add_(atMoved[slot].to(ScalarType.Float64) * moved[slot]);
            }
        }

        return new(dm.Map((slot, gradient) => mask.Mask(slot, gradient).abs().cpu().MoveToOuterDisposeScope()));
    }

    private IEnumerable<(DrawIndex Index, long Size)> Batches(int round)
    {
        long samples = settings.Samples ?? 10 * (Network.OutputShape is [_, var classes, ..] ? classes : 1), size = Context.BatchSize;
        for (int repeat = 0; repeat < settings.Repeats; repeat++)
        {
            // A sample that is left alone has no variance for norm layers: it joins the batch before.
            bool lone = size > 1 && samples > size && samples % size == 1;
            long batches = (samples + size - 1) / size - (lone ? 1 : 0);
            for (int batch = 0; batch < batches; batch++)
                yield return (new DrawIndex(round, repeat, batch), batch < batches - 1 ? size : samples - batch * size);
        }
    }

    private static IEnumerable<Func<WeightFunction, Tensor>> Outputs(Inputs z) =>
        z.Split(Chunk).Select(part => (Func<WeightFunction, Tensor>)(function => function.Run(part)));

    private SlotTensors Draw(Func<DrawIndex, string, long[], Tensor> draw, DrawIndex index) =>
        new(Network.Prunable, slot => draw(index, slot.Name, slot.Weight.shape).to(Network.Device));

    private Inputs Input(DrawIndex index, long size)
    {
        using var drawn = draws.Input(index, Network.Sample!.Shape(size));
        return Network.Sample.Deal(drawn.to(Network.ComputeType, Network.Device));
    }
}
