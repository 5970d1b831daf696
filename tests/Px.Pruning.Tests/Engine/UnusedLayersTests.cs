using Px.Pruning.Analysis;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Networks.Known;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>Layers that the output does not depend on in evaluation mode are not ranked, unless the selection says so.</summary>
public class UnusedLayersTests
{
    private const long Used = 5 * 6 + 6 * 6 + 6 * 3;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string method in AllPruners.All)
            foreach (string kind in Enum.GetNames<Net.Kind>()) cases.Add(method, kind);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Prune_LayerThatNothingUses_CountsTheOthersKeepsItAndSaysSo(string method, string kind)
    {
        using var scope = NewDisposeScope();
        using var model = new Net(Enum.Parse<Net.Kind>(kind));
        var before = model.get_parameter("extra.weight")!.clone();
        var logger = new RecordingLogger();
        var options = new PruningOptions { Rounds = 2, Seed = 1, Logger = logger, Data = DataBudget.All };

        using var result = AllPruners.Get(method).Prune(model, [Samples.Normal(8, [5], 3)], 0.5, options);

        result.Mask.Names.Should().Equal("first.weight", "second.weight", "last.weight");
        (result.Mask.Kept, result.Mask.Total).Should().Be((Used / 2, Used));
        result.Report.Total.Should().Be(Used);
        result.Report.UnusedLayers.Should().Equal(
            new LayerReport { Name = "extra.weight", Type = "Linear", Kept = 12, Total = 12, UnitsAlive = 0, Units = 0 });
        result.Report.ToString().Should().Contain("not ranked").And.Contain("extra.weight (Linear, 12)").And.Contain("IncludingUnused");
        result.Report.ParametersKept.Should().Be(model.parameters().Sum(parameter => parameter.numel()) - Used / 2);
        logger.Warnings.Should().ContainSingle(warning => warning.Contains("extra.weight"));
        model.get_parameter("extra.weight")!.bytes.SequenceEqual(before.bytes).Should().BeTrue();
    }

    [Theory]
    [InlineData("Magnitude")]
    [InlineData("SNIP")]
    [InlineData("IMP")]
    [InlineData("SynFlow")]
    public void Prune_IncludingUnused_RanksThemToo(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new Net(Net.Kind.NeverCalled);
        var options = new PruningOptions
        {
            Rounds = 2, Seed = 1, Data = DataBudget.All, Parameters = ParameterSelection.Default.IncludingUnused().Excluding("first.*"),
        };

        using var result = AllPruners.Get(method).Prune(model, [Samples.Normal(8, [5], 3)], 0.5, options);

        result.Mask.Names.Should().Equal("second.weight", "last.weight", "extra.weight");
        result.Mask.Total.Should().Be(6 * 6 + 6 * 3 + 12);
        result.Report.UnusedLayers.Should().BeEmpty();
    }

    /// <summary>Without an input nothing of the network's course is known.</summary>
    [Fact]
    public void Prune_MagnitudeWithoutDataOrShape_RanksAll()
    {
        using var scope = NewDisposeScope();
        using var model = new Net(Net.Kind.OnlyInTraining);

        using var blind = new MagnitudePruner().Prune(model, sparsity: 0);
        using var seeing = new MagnitudePruner().Prune(model, PruningData.Shape(5), 0);

        blind.Mask.Total.Should().Be(Used + 12);
        blind.Report.UnusedLayers.Should().BeEmpty();
        seeing.Mask.Total.Should().Be(Used);
    }

    /// <summary>A layer that the first sample does not reach is used where another one does, by call or by forward.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Prune_LayerThatOnlySomeSamplesReach_IsRanked(bool silent)
    {
        using var scope = NewDisposeScope();
        using var model = new Experts(silent);
        var (input, target) = Samples.Normal(4, [5], 3);
        input[TensorIndex.Colon, 0] = tensor(new float[] { -1, -1, 1, 1 });
        (Tensor, Tensor)[] batches = [(input[..2], target[..2]), (input[2..], target[2..])];

        using var both = new SnipPruner().Prune(model, batches, 0, new PruningOptions { Data = DataBudget.All });
        using var one = new SnipPruner().Prune(model, batches[..1], 0, new PruningOptions { Data = DataBudget.All });

        both.Mask.Names.Should().Contain("right.weight");
        one.Report.UnusedLayers.Select(layer => layer.Name).Should().Equal("right.weight");
    }

    [Fact]
    public void Prune_LayerWhoseWeightIsUsedInAFunction_IsRanked()
    {
        using var scope = NewDisposeScope();
        using var model = new Functional();

        using var result = new MagnitudePruner().Prune(model, PruningData.Shape(5), 0.5);

        result.Mask.Names.Should().Equal("first.weight", "last.weight");
        result.Report.UnusedLayers.Should().BeEmpty();
    }

    [Fact]
    public void Prune_NothingButUnusedLayersSelected_SaysWhatToDo()
    {
        using var scope = NewDisposeScope();
        using var model = new Net(Net.Kind.NeverCalled);
        var before = ModelState.Of(model);
        var options = new PruningOptions { Parameters = ParameterSelection.Default.Where((name, _) => name == "extra.weight") };

        var act = () => new SynFlowPruner().Prune(model, PruningData.Shape(5), 0.5, options);

        act.Should().Throw<ArgumentException>().WithMessage("*evaluation mode*extra.weight*IncludingUnused*");
        ModelState.Of(model).ShouldEqual(before);
    }

    /// <summary>A mask of such a layer from elsewhere is bound, reported and analysed like any other.</summary>
    [Fact]
    public void Bind_MaskOfAnUnusedLayer_ReportsIt()
    {
        using var scope = NewDisposeScope();
        using var model = new Net(Net.Kind.NeverCalled);
        var mask = new PruningMask([KeyValuePair.Create("extra.weight", zeros(4, 3).index_fill(0, tensor(new long[] { 1 }), 1))]);

        using var result = PruningResult.Bind("mine", model, mask, PruningData.Shape(5));

        result.Report.Layers.Should().ContainSingle().Which.Kept.Should().Be(3);
        NetworkAnalysis.Analyze(model, [5], result.Mask).Layers.Should().Contain(layer => layer.Name == "extra.weight");
    }

    [Theory]
    [InlineData("PX released")]
    [InlineData("SNIP")]
    [InlineData("SynFlow")]
    [InlineData("PHEW")]
    [InlineData("Magnitude")]
    [InlineData("IMP")]
    public void Prune_InceptionInEvaluationMode_LeavesItsAuxiliaryHeadAlone(string method)
    {
        var model = KnownNetworks.All["Inception v3"].Create();
        using var scope = NewDisposeScope();
        var data = KnownNetworks.All["Inception v3"].Data(2);
        var pruner = method == "PX released" ? new ReleasedPathExclusionPruner { KeepsFunctionalActivations = true } : AllPruners.Get(method);
        string[] head = [.. model.named_parameters().Select(p => p.name).Where(name => name.StartsWith("AuxLogits") && name.EndsWith("weight"))];

        using (model)
        using (var result = pruner.Prune(model, [data], 0.98, new PruningOptions { Rounds = 1, Data = DataBudget.All }))
        {
            string[] ranked = [.. head.Where(name => model.get_parameter(name)!.dim() > 1)];
            ranked.Should().HaveCount(3);
            result.Report.UnusedLayers.Select(layer => layer.Name).Should().BeEquivalentTo(ranked);
            result.Mask.Names.Should().NotContain(name => name.StartsWith("AuxLogits"));
            result.Mask.Kept.Should().Be((long)Math.Round(0.02 * result.Mask.Total, MidpointRounding.AwayFromZero));
        }
    }

    private sealed class Net : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(5, 6), second = Linear(6, 6), last = Linear(6, 3), extra = Linear(3, 4);
        private readonly ReLU relu = ReLU();
        private readonly Kind kind;

        internal Net(Kind kind) : base(nameof(Net))
        {
            this.kind = kind;
            RegisterComponents();
        }

        internal enum Kind { NeverCalled, OnlyInTraining, CalledBehindItsBack }

        public override Tensor forward(Tensor input)
        {
            var x = last.call(relu.call(second.call(relu.call(first.call(input)))));
            if (kind == Kind.OnlyInTraining && training) return x + extra.call(x).mean();
            // A value that never reaches the output.
            if (kind == Kind.CalledBehindItsBack) extra.forward(x.detach().to(extra.weight.dtype));
            return x;
        }
    }

    private sealed class Experts : Module<Tensor, Tensor>
    {
        private readonly Linear left = Linear(5, 3), right = Linear(5, 3);
        private readonly bool silent;

        internal Experts(bool silent) : base(nameof(Experts))
        {
            this.silent = silent;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var expert = input[0, 0].item<float>() < 0 ? left : right;
            return silent && expert == right ? expert.forward(input) : expert.call(input);
        }
    }

    private sealed class Functional : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(5, 6), last = Linear(6, 3);

        internal Functional() : base(nameof(Functional)) => RegisterComponents();

        public override Tensor forward(Tensor input) => functional.linear(first.call(input).relu(), last.weight, last.bias);
    }
}
