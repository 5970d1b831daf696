using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Reporting;

/// <summary>What a report says of the whole model: weights that no pruner touches, and uses that no hook sees.</summary>
public class ReportFactsTests
{
    [Fact]
    public void Prune_NetworkWithModulesThatNoPrunerTouches_ListsThemAndCountsAllParameters()
    {
        using var scope = NewDisposeScope();
        using var model = new Language();

        using var result = new MagnitudePruner().Prune(model, sparsity: 0.9);

        var report = result.Report;
        report.Untouched.Select(layer => layer.Name).Should().Contain(["tokens.weight", "recurrent.weight_ih_l0", "pair.weight", "scale"]);
        report.Untouched.Should().NotContain(layer => layer.Name.Contains("bias")).And.NotContain(layer => layer.Name == "head.weight");
        report.Untouched.Single(layer => layer.Name == "tokens.weight").Should().Be(
            new LayerReport { Name = "tokens.weight", Type = "Embedding", Kept = 80, Total = 80, UnitsAlive = 0, Units = 0 });
        report.Untouched.Single(layer => layer.Name == "recurrent.weight_ih_l0").Type.Should().Be("LSTM");
        report.Untouched.Should().Contain(layer => layer.Type == "MultiheadAttention");
        long all = model.parameters().Sum(parameter => parameter.numel());
        report.Parameters.Should().Be(all);
        report.ParametersKept.Should().Be(all - report.Total + report.Kept);
        string smaller = ((double)all / (all - report.Total + report.Kept)).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);
        report.ToString().Should().Contain($", {smaller}x smaller)").And.Contain("Not pruned, since").And.Contain("tokens.weight (Embedding, 80)");
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_PlainNetwork_CountsBiasesAndNormsAndListsNothing(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();

        using var result = AllPruners.Get(method).Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.5, new PruningOptions { Rounds = 2 });

        result.Report.Parameters.Should().Be(626 + 6 + 2 * 6 + 2 * 8 + 4);
        result.Report.ParametersKept.Should().Be(result.Report.Parameters - 313);
        result.Report.Untouched.Should().BeEmpty();
        result.Report.UnseenLayers.Should().BeEmpty();
        result.Report.ToString().Should().NotContain("Not pruned, since").And.NotContain("forward()");
    }

    [Theory]
    [InlineData("SNIP")]
    [InlineData("Magnitude")]
    [InlineData("IMP")]
    public void Prune_NetworkThatCallsForward_SaysOnceWhatIsLost(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new SilentNet(silent: true);
        var logger = new RecordingLogger();

        using var result = AllPruners.Get(method).Prune(
            model, [Samples.Normal(8, [3, 8, 8])], 0.5, new PruningOptions { Logger = logger, Rounds = 2, Data = DataBudget.PerClass(2) });

        result.Report.UnseenLayers.Should().Equal("conv", "bn", "fc");
        result.Report.ToString().Should().Contain("Reached by forward(), which runs no hooks: conv, bn, fc.")
            .And.Contain("FLOPs and connections are not known").And.Contain("Apply(optimizer)");
        logger.Warnings.Where(warning => warning.Contains("forward()")).Should().ContainSingle().Which.Should().Contain("Apply(optimizer)");
    }

    [Fact]
    public void Prune_WeightUsedElsewhere_SaysWhere()
    {
        using var scope = NewDisposeScope();
        const string net = "embedding and linear layer with one weight";
        using var model = TwiceUsedNets.Create(net);

        using var result = new SnipPruner().Prune(model, [TwiceUsedNets.Data(net)], 0.5, new PruningOptions { Data = DataBudget.All });

        result.Report.UnseenLayers.Should().Equal("words");
        result.Report.Untouched.Should().BeEmpty("the embedding's weight is the layer's");
        result.Report.Parameters.Should().Be(4 * 4 + 4 + 4 * 5 + 5);
        result.Report.ToString().Should().Contain("'words.weight' is also a parameter of 'tokens'");
    }

    [Fact]
    public void Bind_MaskOfYourOwn_ReportsTheWholeModelToo()
    {
        using var scope = NewDisposeScope();
        using var model = new Language();
        var mask = new PruningMask([KeyValuePair.Create("head.weight", zeros(3, 8).index_fill(0, tensor(new long[] { 1 }), 1))]);

        using var result = PruningResult.Bind("mine", model, mask);

        result.Report.Untouched.Should().Contain(layer => layer.Name == "tokens.weight");
        result.Report.Parameters.Should().Be(model.parameters().Sum(parameter => parameter.numel()));
    }

    /// <summary>Modules of each kind that no pruner touches; it need not run.</summary>
    private sealed class Language : Module<Tensor, Tensor>
    {
        private readonly Embedding tokens = Embedding(10, 8);
        private readonly LSTM recurrent = LSTM(8, 8);
        private readonly MultiheadAttention attention = MultiheadAttention(8, 2);
        private readonly Bilinear pair = Bilinear(8, 8, 4);
        private readonly Parameter scale = Parameter(ones(2, 8));
        private readonly Linear head = Linear(8, 3);

        internal Language() : base(nameof(Language)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(input);
    }
}
