using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Ranking;

/// <summary>From scores to a mask in one's own way, and a pruner that is none of the library's.</summary>
public sealed class CustomScopeTests : IDisposable
{
    private readonly DisposeScope tensorsOfTheTest = NewDisposeScope();

    public void Dispose() => tensorsOfTheTest.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Custom_ThatAsksAnother_IsThatOne(int rounds)
    {
        var options = new PruningOptions { Rounds = rounds };
        using var expected = new MagnitudePruner().Prune(Net(), PruningData.None, 0.9, options);
        var scope = PruningScope.Custom((scores, density, mask) => PruningScope.Global.Select(scores, density, mask), "mine");

        using var result = new MagnitudePruner().Prune(Net(), PruningData.None, 0.9, options with { Scope = scope });

        result.Mask.Jaccard(expected.Mask).Should().Be(1);
        result.Mask.Metadata["scope"].Should().Be("mine");
    }

    [Fact]
    public void Custom_InGroups_RanksEachGroupByItself()
    {
        var scope = PruningScope.Custom((scores, density, mask) =>
        {
            var entries = new List<KeyValuePair<string, Tensor>>();
            foreach (var group in scores.Names.GroupBy(name => name.StartsWith("conv", StringComparison.Ordinal)))
            {
                using var some = new PruningScores(group.Select(name => KeyValuePair.Create(name, scores[name])));
                using var kept = PruningScope.Global.Select(some, density, mask);
                entries.AddRange(kept.Names.Select(name => KeyValuePair.Create(name, kept[name].clone())));
            }

            return new PruningMask(entries);
        });

        using var result = new MagnitudePruner().Prune(Net(), PruningData.None, 0.75, new PruningOptions { Scope = scope, Rounds = 3 });

        (result.Mask.KeptIn("conv1.weight") + result.Mask.KeptIn("conv2.weight")).Should().Be((long)Math.Round((162 + 432) / 4.0, MidpointRounding.AwayFromZero));
        result.Mask.KeptIn("fc.weight").Should().Be(8);
    }

    [Fact]
    public void Custom_ThatBringsAWeightBack_IsRefused()
    {
        var scope = PruningScope.Custom((scores, density, mask) =>
        {
            using var turned = new PruningScores(scores.Names.Select(name => KeyValuePair.Create(name, mask is null ? scores[name] : scores[name].neg())));
            return PruningScope.Global.Select(turned, density);
        });
        var model = Net();
        var before = ModelState.Of(model);

        var act = () => new MagnitudePruner().Prune(model, PruningData.None, 0.9, new PruningOptions { Scope = scope, Rounds = 2 });

        act.Should().Throw<ArgumentException>();
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Pruner_OfOnesOwn_EndsInTheResultOfTheLibrarys()
    {
        using var expected = new MagnitudePruner().Prune(Net(), PruningData.Shape(3, 8, 8), 0.9);

        using var result = new OwnPruner().Prune(Net(), PruningData.Shape(3, 8, 8), 0.9);

        result.Mask.Jaccard(expected.Mask).Should().Be(1);
        result.Report.ToString().Should().Be(expected.Report.ToString().Replace("Magnitude", "Own", StringComparison.Ordinal));
        result.Binding.IsHeld.Should().BeTrue();
    }

    private static ConvNet Net()
    {
        manual_seed(4);
        return new ConvNet();
    }

    private sealed class OwnPruner : IPruner
    {
        public string Name => "Own";

        public bool NeedsData => false;

        public int DefaultRounds => 1;

        public PruningResult Prune(
            PruningModel model, PruningData data, double sparsity, PruningOptions? options = null, CancellationToken cancellationToken = default)
        {
            using var scores = Score(model, data, cancellationToken: cancellationToken);
            return PruningResult.Bind(Name, model, PruningScope.Global.Select(scores, 1 - sparsity), data);
        }

        public PruningScores Score(
            PruningModel model, PruningData data, PruningMask? mask = null, PruningOptions? options = null, CancellationToken cancellationToken = default)
        {
            using var scope = NewDisposeScope();
            return new(model.Module.named_parameters().Where(p => p.parameter.dim() > 1).Select(p => KeyValuePair.Create(p.name, p.parameter.detach().abs())));
        }
    }
}
