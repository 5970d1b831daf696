using Px.Pruning.Methods.NtkSap;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Saliency;

/// <summary>A batch of another size: samples count alike, and none is left alone.</summary>
public class BatchSizeTests
{
    public static TheoryData<string> Methods => ["SNIP", "IterSNIP", "FORCE"];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Score_SmallerLastBatch_CountsByItsSamples(string method)
    {
        using var scope = NewDisposeScope();
        using var model = NormFree();
        var (input, target) = Samples.Normal(11, [5], 3, dtype: ScalarType.Float64);
        var options = new PruningOptions { Data = DataBudget.All };
        var pruner = AllPruners.Get(method);

        using var whole = pruner.Score(model, [(input, target)], options: options);
        using var parts = pruner.Score(model, [.. Cut(input, target, 8, 3)], options: options);

        // Σ n_b/8 · mean_b = 11/8 · the mean over all samples
        foreach (string name in whole.Names) parts[name].allclose(whole[name] * (11.0 / 8), 1e-12, 1e-15).Should().BeTrue(name);
    }

    [Theory]
    [InlineData(128, 1)]
    [InlineData(8, 1)]
    public void Score_OneSampleMoreThanABatch_IsThatOfASingleBatch(int batch, int more)
    {
        using var scope = NewDisposeScope();
        manual_seed(9);
        using var model = (ConvNet)new ConvNet().to(float64);
        var (input, target) = Samples.Normal(batch + more, [3, 8, 8], dtype: ScalarType.Float64);
        foreach (string method in new[] { "SNIP", "FORCE", "GraSP", "PX", "ProsPR" })
        {
            var pruner = AllPruners.Get(method);
            using var whole = pruner.Score(model, [(input, target)], options: new PruningOptions { Data = DataBudget.All });
            using var parts = pruner.Score(model, [.. Cut(input, target, batch, more)], options: new PruningOptions { Data = DataBudget.All });

            foreach (string name in whole.Names)
                parts[name].bytes.ToArray().Should().Equal(whole[name].bytes.ToArray(), $"{method} {name}");
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Score_BatchesCountedAlike_AreTheAuthorsSumOfMeans(string method)
    {
        using var scope = NewDisposeScope();
        using var model = NormFree();
        var (input, target) = Samples.Normal(11, [5], 3, dtype: ScalarType.Float64);
        IPruner pruner = method switch
        {
            "SNIP" => new SnipPruner { CountsBatchesAlike = true },
            "FORCE" => new ForcePruner { CountsBatchesAlike = true },
            _ => new IterSnipPruner { CountsBatchesAlike = true },
        };

        using var scores = pruner.Score(model, [.. Cut(input, target, 8, 3)], options: new PruningOptions { Data = DataBudget.All });

        foreach (var (first, count) in new[] { (0, 8), (8, 3) })
            functional.cross_entropy(model.call(input.narrow(0, first, count)), target.narrow(0, first, count)).backward();
        foreach (string name in scores.Names)
        {
            var weight = model.get_parameter(name)!;
            scores[name].allclose((weight.detach() * weight.grad!).abs(), 1e-12, 1e-15).Should().BeTrue(name);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Score_BatchesCountedAlikeWithALoneLastSample_AreTheAuthorsSumToo(string method)
    {
        using var scope = NewDisposeScope();
        using var model = NormFree();
        var (input, target) = Samples.Normal(9, [5], 3, dtype: ScalarType.Float64);
        IPruner pruner = method switch
        {
            "SNIP" => new SnipPruner { CountsBatchesAlike = true },
            "FORCE" => new ForcePruner { CountsBatchesAlike = true },
            _ => new IterSnipPruner { CountsBatchesAlike = true },
        };
        PruningOptions[] budgets = [new() { Data = DataBudget.All }, new() { Data = DataBudget.PerClass(3), BatchSize = 8 }];
        foreach (var options in budgets)
        {
            model.zero_grad();

            using var scores = pruner.Score(model, options.Data == DataBudget.All ? Cut(input, target, 8, 1) : [(input, target)], options: options);

            foreach (var (first, count) in new[] { (0, 8), (8, 1) })
                functional.cross_entropy(model.call(input.narrow(0, first, count)), target.narrow(0, first, count)).backward();
            foreach (string name in scores.Names)
            {
                var weight = model.get_parameter(name)!;
                scores[name].allclose((weight.detach() * weight.grad!).abs(), 1e-12, 1e-15).Should().BeTrue(name);
            }
        }
    }

    [Fact]
    public void Prune_BatchesCountedAlike_SaysSoInTheMask()
    {
        using var scope = NewDisposeScope();
        using var model = NormFree();
        var data = Samples.Normal(8, [5], 3, dtype: ScalarType.Float64);

        using var alike = new SnipPruner { CountsBatchesAlike = true }.Prune(model, [data], 0);
        using var bySample = new SnipPruner().Prune(model, [data], 0);

        alike.Mask.Metadata.Should().Contain("batches", "alike");
        bySample.Mask.Metadata.Should().NotContainKey("batches");
    }

    /// <summary>Pooled to one place, as before DeepLab's image pooling: a batch of one has no variance there.</summary>
    [Theory]
    [InlineData("PX")]
    [InlineData("PX joint")]
    [InlineData("PX released")]
    [InlineData("SNIP")]
    [InlineData("GraSP")]
    [InlineData("ProsPR")]
    [InlineData("NTK-SAP")]
    public void Prune_NormBehindAPoolAndOneSampleTooMany_Works(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(9);
        using var model = Sequential(
            Conv2d(3, 6, 3, padding: 1), ReLU(), AdaptiveAvgPool2d([1, 1]), Conv2d(6, 6, 1), BatchNorm2d(6), ReLU(), Flatten(), Linear(6, 4)).to(float64);
        var data = Samples.Normal(5, [3, 8, 8], dtype: ScalarType.Float64);
        IPruner pruner = method == "NTK-SAP" ? new NtkSapPruner { Samples = 5 } : AllPruners.Get(method);

        using var result = pruner.Prune(model, [data], 0.5, new PruningOptions { Data = DataBudget.PerClass(2), BatchSize = 4, Rounds = 2, Seed = 1 });

        result.Mask.Kept.Should().Be(result.Mask.Total / 2);
    }

    /// <summary>One sample in all has no variance there, and nothing to join: no raw error of libtorch's.</summary>
    [Theory]
    [InlineData("PX")]
    [InlineData("PX joint")]
    [InlineData("PX released")]
    [InlineData("SNIP")]
    [InlineData("GraSP")]
    [InlineData("ProsPR")]
    public void Prune_NormBehindAPoolAndOneSampleInAll_IsAnsweredOrRefusedInWords(string method)
    {
        using var scope = NewDisposeScope();
        manual_seed(9);
        using var model = Sequential(
            Conv2d(3, 6, 3, padding: 1), ReLU(), AdaptiveAvgPool2d([1, 1]), Conv2d(6, 6, 1), BatchNorm2d(6), ReLU(), Flatten(), Linear(6, 4)).to(float64);
        var before = ModelState.Of(model);

        var act = () => AllPruners.Get(method).Prune(
            model, [Samples.Normal(1, [3, 8, 8], dtype: ScalarType.Float64)], 0.5, new PruningOptions { Data = DataBudget.All, Rounds = 2, Seed = 1 }).Dispose();

        var thrown = Record.Exception(act);
        (thrown is null or UnsupportedModelException or NonFiniteScoreException or ArgumentException).Should().BeTrue($"{method}: {thrown}");
        if (thrown is not null) ModelState.Of(model).ShouldEqual(before);
    }

    [Theory]
    [InlineData(5, 4, new long[] { 5 })]
    [InlineData(9, 4, new long[] { 4, 5 })]
    [InlineData(6, 4, new long[] { 4, 2 })]
    [InlineData(1, 4, new long[] { 1 })]
    [InlineData(2, 1, new long[] { 1, 1 })]
    public void Score_NtkSap_DrawsNoBatchOfOneBehindALargerOne(int samples, int batchSize, long[] sizes)
    {
        using var scope = NewDisposeScope();
        using var model = NormFree();
        var draws = new Noting();

        using var scores = new NtkSapPruner { Samples = samples, Draws = draws }
            .Score(model, PruningData.Shape(5), options: new PruningOptions { BatchSize = batchSize });

        draws.Sizes.Should().Equal(sizes);
    }

    private static IEnumerable<(Tensor, Tensor)> Cut(Tensor input, Tensor target, params int[] sizes)
    {
        long first = 0;
        foreach (int size in sizes)
        {
            yield return (input.narrow(0, first, size), target.narrow(0, first, size));
            first += size;
        }
    }

    private static Sequential NormFree()
    {
        manual_seed(9);
        return Sequential(("first", Linear(5, 6)), ("relu", ReLU()), ("last", Linear(6, 3))).to(float64);
    }

    private sealed class Noting : NtkSapDraws
    {
        private readonly NormalDraws draws = new(1);

        internal List<long> Sizes { get; } = [];

        internal override Tensor Weights(DrawIndex index, string parameter, long[] shape) => draws.Weights(index, parameter, shape);

        internal override Tensor Perturbation(DrawIndex index, string parameter, long[] shape) => draws.Perturbation(index, parameter, shape);

        internal override Tensor Input(DrawIndex index, long[] shape)
        {
            Sizes.Add(shape[0]);
            return draws.Input(index, shape);
        }
    }
}
