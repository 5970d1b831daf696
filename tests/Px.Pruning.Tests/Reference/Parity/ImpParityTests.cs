using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>Lottery-ticket iterations around the oracle's training: a few steps of gradient descent on all samples, in evaluation mode, of weights only.</summary>
public class ImpParityTests
{
    [Theory]
    [InlineData("plain-convnet-imp-two-batches")]
    [InlineData("norm-free-imp")]
    public void Prune_TenRoundsInFloat64_KeepsExactlyTheOraclesWeights(string name)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, ScalarType.Float64);
        using var input = cat(problem.Batches.Select(batch => batch.Input).ToList());
        using var target = cat(problem.Batches.Select(batch => batch.Target).ToList());
        var steps = int.Parse(golden.Settings["steps"], CultureInfo.InvariantCulture);
        var rate = double.Parse(golden.Settings["learning_rate"], CultureInfo.InvariantCulture);
        var trainings = 0;
        var imp = new IterativeMagnitudePruner((model, _) =>
        {
            model.eval();
            for (var step = 0; step < steps; step++) Descend(model, golden.Prunable, input, target, rate);
            trainings++;
        });

        using var result = imp.Prune(problem.Model, PruningData.None, golden.Sparsity, new PruningOptions { Rounds = golden.Rounds });

        trainings.Should().Be(golden.Rounds);
        result.Mask.Names.Select(result.Mask.KeptIn).Should().Equal(golden.Kept[^1]);
        GoldenMask.Flatten(result.Mask).SequenceEqual(golden.Unpack(golden.Mask!)).Should().BeTrue("the masks must agree in every weight");
    }

    /// <summary>w ← w − η · m ⊙ ∇L; the hooks of the mask's binding zero what a step moves away from zero before it is used again.</summary>
    private static void Descend(nn.Module<Tensor, Tensor> model, IEnumerable<string> weights, Tensor input, Tensor target, double rate)
    {
        using var temporaries = NewDisposeScope();
        model.zero_grad();
        nn.functional.cross_entropy(model.call(input), target).backward();
        using var noGrad = no_grad();
        foreach (var name in weights)
        {
            var weight = model.get_parameter(name)!;
            weight.sub_(weight.grad! * rate);
        }
    }
}
