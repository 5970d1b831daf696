using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>What every pruner promises, whatever it scores: the model as found, exact counts, same seed same mask, nothing leaked.</summary>
public class InvariantTests
{
    private static readonly PruningOptions twoRounds = new() { Rounds = 2, Seed = 3, Data = DataBudget.PerClass(2), BatchSize = 3 };

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Score_OnTrainedModel_LeavesEveryBitAsItWas(string name)
    {
        using var scope = NewDisposeScope();
        using var model = TrainedModel();
        var before = ModelState.Of(model);
        using var random = torch.random.get_rng_state();

        AllPruners.Get(name).Score(model, Data(), options: twoRounds).Dispose();

        ModelState.Of(model).ShouldEqual(before);
        torch.random.get_rng_state().bytes.ToArray().Should().Equal(random.bytes.ToArray());
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_AtSparsityZero_LeavesEveryBitAsItWas(string name)
    {
        using var scope = NewDisposeScope();
        using var model = TrainedModel();
        var before = ModelState.Of(model);

        AllPruners.Get(name).Prune(model, Data(), 0, twoRounds).Dispose();

        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_KeptWeights_KeepTheirBitsAndPrunedOnesAreZero(string name)
    {
        using var scope = NewDisposeScope();
        using var model = TrainedModel();
        var before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

        using var result = AllPruners.Get(name).Prune(model, Data(), 0.7, twoRounds);

        foreach (var (key, after) in model.state_dict())
        {
            var expected = result.Mask.Contains(key) ? before[key].masked_fill(result.Mask[key].logical_not(), 0) : before[key];
            after.detach().contiguous().bytes.ToArray().Should().Equal(expected.contiguous().bytes.ToArray(), key);
        }
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_AnySparsityAndRounds_KeepsExactlyTheRoundedCount(string name)
    {
        using var scope = NewDisposeScope();
        foreach (double sparsity in new[] { 0, 0.1, 0.36, 0.5, 0.9, 0.982, 0.999 })
        foreach (int rounds in new[] { 1, 3 })
        {
            using var model = TrainedModel();
            using var result = AllPruners.Get(name).Prune(model, Data(), sparsity, twoRounds with { Rounds = rounds });
            long total = result.Mask.Total;
            total.Should().Be(3 * 6 * 9 + 6 * 8 * 9 + 8 * 4);
            result.Mask.Kept.Should().Be((long)Math.Round((1 - sparsity) * total, MidpointRounding.AwayFromZero), $"{sparsity} in {rounds} rounds");
            result.Report.Kept.Should().Be(result.Mask.Kept);
        }
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_SameSeed_GivesTheSameMask(string name)
    {
        using var scope = NewDisposeScope();
        using var first = TrainedModel();
        using var second = TrainedModel();

        using var a = AllPruners.Get(name).Prune(first, Data(), 0.8, twoRounds);
        torch.rand(10);
        using var b = AllPruners.Get(name).Prune(second, Data(), 0.8, twoRounds);

        a.Mask.Names.Should().NotBeEmpty();
        foreach (string layer in a.Mask.Names) a.Mask[layer].bytes.ToArray().Should().Equal(b.Mask[layer].bytes.ToArray());
    }

    [Fact]
    public void Prune_RandomWithOtherSeed_GivesAnotherMask()
    {
        using var scope = NewDisposeScope();
        using var first = TrainedModel();
        using var second = TrainedModel();

        using var a = new RandomPruner().Prune(first, sparsity: 0.8, new PruningOptions { Seed = 1 });
        using var b = new RandomPruner().Prune(second, sparsity: 0.8, new PruningOptions { Seed = 2 });

        a.Mask.Overlap(b.Mask).Should().BeLessThan(0.5);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_ThenDispose_LeaksNoTensor(string name)
    {
        using var model = TrainedModel();
        using var input = randn(8, 3, 8, 8);
        using var target = zeros(8, int64);
        var data = PruningData.From([(input, target)]);
        AllPruners.Get(name).Prune(model, data, 0.5, twoRounds).Dispose();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (int i = 0; i < 3; i++)
        {
            AllPruners.Get(name).Prune(model, data, 0.5, twoRounds).Dispose();
            AllPruners.Get(name).Score(model, data, options: twoRounds).Dispose();
        }

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Theory]
    [MemberData(nameof(AllPruners.DataDriven), MemberType = typeof(AllPruners))]
    public void Prune_WhenTheLoaderThrows_PassesItOnAndLeavesTheModel(string name)
    {
        using var scope = NewDisposeScope();
        using var model = TrainedModel();
        var before = ModelState.Of(model);
        IEnumerable<(Tensor, Tensor)> Failing()
        {
            yield return Samples.Normal(4, [3, 8, 8]);
            throw new IOException("disk gone");
        }

        var act = () => AllPruners.Get(name).Prune(model, Failing(), 0.5, twoRounds with { Data = DataBudget.All });

        act.Should().Throw<IOException>().WithMessage("disk gone");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory]
    [MemberData(nameof(AllPruners.DataDriven), MemberType = typeof(AllPruners))]
    public void Prune_CancelledAfterARound_LeavesTheModelAndLeaksNothing(string name)
    {
        using var model = TrainedModel();
        using var input = randn(8, 3, 8, 8);
        using var target = zeros(8, int64);
        var before = ModelState.Of(model);
        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using var source = new CancellationTokenSource();
        var options = twoRounds with { Rounds = 5, Progress = new Immediate(progress => { if (progress.Round == 2) source.Cancel(); }) };

        var act = () => AllPruners.Get(name).Prune(model, [(input, target)], 0.5, options, source.Token);

        act.Should().Throw<OperationCanceledException>();
        ModelState.Of(model).ShouldEqual(before);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_WithUserHooks_KeepsThemAndOnlyThem(string name)
    {
        using var scope = NewDisposeScope();
        using var model = TrainedModel();
        var input = Samples.Normal(2, [3, 8, 8]).Input;
        int fired = 0;
        model.register_forward_hook((_, _, _) => { fired++; return null!; });
        AllPruners.Get(name).Prune(model, Data(), 0.5, twoRounds).Dispose();

        fired = 0;
        model.eval();
        using var expected = model.forward(input);
        using var output = model.call(input);

        fired.Should().Be(1);
        output.allclose(expected, 0, 0).Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_InsideNoGradAndInferenceMode_GivesTheSameMask(string name)
    {
        using var scope = NewDisposeScope();
        using var first = TrainedModel();
        using var second = TrainedModel();
        using var expected = AllPruners.Get(name).Prune(first, Data(), 0.8, twoRounds);
        PruningResult result;
        var data = Data();

        using (no_grad()) result = AllPruners.Get(name).Prune(second, data, 0.8, twoRounds);

        result.Mask.Overlap(expected.Mask).Should().Be(1);
        result.Dispose();
    }

    /// <summary>A model in the middle of training: gradients, updated statistics, submodules in different modes, one frozen weight.</summary>
    private static ConvNet TrainedModel()
    {
        manual_seed(11);
        var model = new ConvNet();
        Samples.Disturb(model);
        using (NewDisposeScope())
        {
            var (input, target) = Samples.Normal(4, [3, 8, 8]);
            nn.functional.cross_entropy(model.call(input), target).backward();
        }

        var modules = model.named_modules().ToDictionary(m => m.name, m => m.module);
        modules["bn1"].eval();
        modules["conv1"].parameters().First().requires_grad = false;
        return model;
    }

    private static PruningData Data() => PruningData.From([Samples.Normal(8, [3, 8, 8])]);

    private sealed class Immediate(Action<PruningProgress> action) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => action(value);
    }
}
