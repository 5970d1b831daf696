using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests;

/// <summary>Scores of zero say nothing: they do not become a mask by position.</summary>
public class ZeroScoresTests
{
    [Theory]
    [InlineData("PX")]
    [InlineData("PX joint")]
    [InlineData("PX kernel only")]
    [InlineData("PX released")]
    [InlineData("SNIP")]
    [InlineData("IterSNIP")]
    [InlineData("FORCE")]
    [InlineData("SynFlow")]
    [InlineData("SynFlow-L2")]
    [InlineData("LogSynFlow")]
    public void Prune_ClassifierThatBeginsAtZero_IsRefusedByItsName(string method)
    {
        using var model = new ConvNet();
        using var input = randn(8, 3, 8, 8);
        using var target = arange(8, int64);
        using (no_grad())
        {
            model.get_parameter("fc.weight")!.fill_(0);
            target.remainder_(4);
        }

        var before = ModelState.Of(model);
        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        var act = () => AllPruners.Get(method).Prune(model, [(input, target)], 0.87, new PruningOptions { Rounds = 2 });

        act.Should().Throw<UnsupportedModelException>().WithMessage("*every weight 0*'fc.weight' is zero*MagnitudePruner*NtkSapPruner*")
            .Which.Module.Should().Be("fc");
        ModelState.Of(model).ShouldEqual(before);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
    }

    [Fact]
    public void Prune_NormScalesThatBeginAtZero_AreNamed()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        using (no_grad()) model.get_parameter("bn2.weight")!.fill_(0);

        var act = () => new SnipPruner { NormStatistics = NormStatistics.Running }.Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.5);

        // The classifier's features are β = 0: nothing has a gradient that counts.
        act.Should().Throw<UnsupportedModelException>().WithMessage("*'bn2.weight' is zero*").Which.Module.Should().Be("bn2");
    }

    [Fact]
    public void Prune_OutputThatDependsOnNoWeight_SaysWhatToLookFor()
    {
        using var scope = NewDisposeScope();
        using var model = new Detached();

        var act = () => new SnipPruner().Prune(model, [Samples.Normal(8, [3], 2)], 0.5);

        act.Should().Throw<UnsupportedModelException>().WithMessage("*every weight 0*detach()*MagnitudePruner*");
    }

    [Theory]
    [InlineData("Magnitude")]
    [InlineData("Random")]
    [InlineData("NTK-SAP")]
    public void Prune_MethodsThatTheRefusalNames_PruneAClassifierThatBeginsAtZero(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        using (no_grad()) model.get_parameter("fc.weight")!.fill_(0);

        using var result = AllPruners.Get(method).Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.5, new PruningOptions { Rounds = 2 });

        result.Mask.Kept.Should().Be(313);
    }

    [Fact]
    public void Prune_ClassifierThatBeginsAtZeroAtSparsityZero_KeepsEverything()
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        using (no_grad()) model.get_parameter("fc.weight")!.fill_(0);

        using var result = new SnipPruner().Prune(model, [Samples.Normal(8, [3, 8, 8])], 0);

        result.Mask.Kept.Should().Be(result.Mask.Total);
    }

    [Fact]
    public void Prune_CutAmongZeros_KeepsTheLargestOfThemAndSaysSo()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using var model = new Branched();
        var data = Samples.Normal(8, [5], 3);
        using var scores = new SnipPruner().Score(model, [data]);
        scores["branch.weight"].count_nonzero().ToInt64().Should().Be(0, "the branch's scale is zero");
        var sizes = model.get_parameter("branch.weight")!.detach().abs().to(float64);
        long scored = scores.Names.Sum(name => scores[name].count_nonzero().ToInt64());
        long total = 25 + 25 + 15, kept = scored + 7;
        var logger = new RecordingLogger();

        using var result = new SnipPruner().Prune(model, [data], 1 - (double)kept / total, new PruningOptions { Logger = logger, Data = DataBudget.All });

        result.Mask.Kept.Should().Be(kept);
        result.Mask["branch.weight"].sum().ToInt64().Should().Be(7);
        double least = sizes[result.Mask["branch.weight"]].min().ToDouble(), largestGone = sizes[result.Mask["branch.weight"].logical_not()].max().ToDouble();
        least.Should().BeGreaterThan(largestGone);
        foreach (string name in new[] { "stem.weight", "head.weight" })
            result.Mask[name].eq(scores[name].ne(0)).all().ToBoolean().Should().BeTrue(name);
        result.Report.KeptWithoutScore.Should().Be(7);
        result.Report.ToString().Should().Contain("7 of the kept weights scored 0");
        logger.Warnings.Should().ContainSingle().Which.Should().Contain("7");
    }

    [Fact]
    public void Prune_CutAboveTheZeros_SaysNothing()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using var model = new Branched();
        var logger = new RecordingLogger();

        using var result = new SnipPruner().Prune(model, [Samples.Normal(8, [5], 3)], 0.6, new PruningOptions { Logger = logger, Rounds = 3 });

        result.Mask.KeptIn("branch.weight").Should().Be(0);
        result.Report.KeptWithoutScore.Should().Be(0);
        result.Report.ToString().Should().NotContain("scored 0");
    }

    /// <summary>A network that an earlier round has cut in two has no scores either: that is a result, and it is reported.</summary>
    [Fact]
    public void Prune_NetworkThatARoundCut_GoesOnBySize()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using var model = Sequential(Linear(5, 5), ReLU(), Linear(5, 3));
        var options = new PruningOptions { Rounds = 3, Schedule = SparsitySchedule.Linear };

        using var result = new IterSnipPruner().Prune(model, [Samples.Normal(8, [5], 3)], 0.975, options);

        result.Mask.Kept.Should().Be(1);
    }

    /// <summary>Ties at any other score stay where the scope's documentation has them: the earlier weight is kept.</summary>
    [Fact]
    public void Select_TiesAboveZero_KeepTheEarlierWeight()
    {
        using var scope = NewDisposeScope();
        using var model = new Branched();
        var flat = new CustomPruner("flat", context => context.Parameters.ToDictionary(p => p.Name, p => ones_like(p.Weight))) { UsesData = false };

        using var result = flat.Prune(model, sparsity: 0.5);

        result.Mask["stem.weight"].all().ToBoolean().Should().BeTrue();
        result.Mask["branch.weight"].flatten().narrow(0, 0, 8).all().ToBoolean().Should().BeTrue();
        result.Report.KeptWithoutScore.Should().Be(0);
    }

    private sealed class Detached : Module<Tensor, Tensor>
    {
        private readonly Linear fc = Linear(3, 2);

        internal Detached() : base(nameof(Detached)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc.call(input).detach();
    }

    /// <summary>A stem, a branch with a scale of zero beside a shortcut, a head: no batch statistics.</summary>
    private sealed class Branched : Module<Tensor, Tensor>
    {
        private readonly Linear stem = Linear(5, 5), branch = Linear(5, 5), head = Linear(5, 3);
        private readonly LayerNorm norm = LayerNorm(5);

        internal Branched() : base(nameof(Branched))
        {
            using (no_grad())
            {
                norm.weight!.fill_(0);
                norm.bias!.fill_(0);
            }

            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var x = stem.call(input);
            return head.call(x + norm.call(branch.call(x)));
        }
    }
}
