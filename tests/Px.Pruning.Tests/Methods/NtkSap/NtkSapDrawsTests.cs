using Px.Pruning.Methods.NtkSap;
using Px.Pruning.Tests.Networks;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods.NtkSap;

/// <summary>What NTK-SAP draws, and how often.</summary>
public class NtkSapDrawsTests
{
    [Fact]
    public void Prune_TwoRoundsOfThreeBatchesTwice_DrawsWeightsDirectionAndInputForEachBatch()
    {
        using var model = new ConvNet();
        var recorder = new Recorder(new NormalDraws(1));
        var pruner = new NtkSapPruner { Samples = 8, Repeats = 2, Draws = recorder };

        pruner.Prune(model, PruningData.Shape(3, 8, 8), 0.5, new PruningOptions { Rounds = 2, BatchSize = 3 }).Dispose();

        var batches = Indices(batches: 3);
        string[] parameters = ["conv1.weight", "conv2.weight", "fc.weight"];
        recorder.Weighted.Should().Equal(batches.SelectMany(index => parameters.Select(name => (index, name))));
        recorder.Perturbed.Should().Equal(recorder.Weighted);
        recorder.Inputs.Should().Equal(batches.Select(index => (index, index.Batch == 2 ? 2L : 3L)));
    }

    [Fact]
    public void NormalDraws_OfOtherBatches_AreOtherNumbers()
    {
        using var scope = NewDisposeScope();
        var draws = new NormalDraws(1);
        long[] shape = [3, 4];

        var tensors = Indices(batches: 2).SelectMany(
            index => new[] { draws.Weights(index, "w", shape), draws.Perturbation(index, "w", shape), draws.Input(index, shape) });
        var first = tensors.Select(tensor => tensor.data<double>()[0]).ToList();

        first.Should().HaveCount(24).And.OnlyHaveUniqueItems();
    }

    /// <summary>Two rounds of two repeats.</summary>
    private static IEnumerable<DrawIndex> Indices(int batches) =>
        from round in new[] { 1, 2 } from repeat in new[] { 0, 1 } from batch in Enumerable.Range(0, batches) select new DrawIndex(round, repeat, batch);

    private sealed class Recorder(NtkSapDraws inner) : NtkSapDraws
    {
        public List<(DrawIndex Index, string Parameter)> Weighted { get; } = [];

        public List<(DrawIndex Index, string Parameter)> Perturbed { get; } = [];

        public List<(DrawIndex Index, long Size)> Inputs { get; } = [];

        internal override Tensor Weights(DrawIndex index, string parameter, long[] shape)
        {
            Weighted.Add((index, parameter));
            return inner.Weights(index, parameter, shape);
        }

        internal override Tensor Perturbation(DrawIndex index, string parameter, long[] shape)
        {
            Perturbed.Add((index, parameter));
            return inner.Perturbation(index, parameter, shape);
        }

        internal override Tensor Input(DrawIndex index, long[] shape)
        {
            Inputs.Add((index, shape[0]));
            return inner.Input(index, shape);
        }
    }
}
