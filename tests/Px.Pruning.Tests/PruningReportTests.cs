using System.Globalization;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Tests.Data;
using static TorchSharp.torch;

namespace Px.Pruning.Tests;

public sealed class PruningReportTests : LeakCheckedTests
{
    private const double Exactly = 0;

    [Fact]
    public void Create_Convolution_CountsWeightsUnitsAndFlops()
    {
        // [2, 3, 3, 3]: 54 weights at 4 × 4 places. Unit 0 keeps 5 of its 27, unit 1 none.
        var mask = zeros(2, 3, 3, 3);
        mask.reshape(54).narrow(0, 10, 5).fill_(1);
        var layer = Report(mask, new("conv.weight", "Conv2d", [2, 3, 3, 3], false, 1, 16)).Layers.Should().ContainSingle().Subject;

        layer.Should().Be(new LayerReport
        {
            Name = "conv.weight", Type = "Conv2d", Kept = 5, Total = 54, UnitsAlive = 1, Units = 2, DenseFlops = 2 * 54 * 16, Flops = 2 * 5 * 16,
        });
        layer.Density.Should().BeApproximately(5 / 54.0, Exactly);
        layer.IsCollapsed.Should().BeFalse();
    }

    [Fact]
    public void Create_LinearLayer_CountsNeuronsAndUsesEachWeightOnce()
    {
        var mask = tensor(new float[,] { { 1, 0, 0 }, { 0, 0, 0 }, { 1, 1, 1 }, { 0, 1, 0 } });
        var layer = Report(mask, new("fc.weight", "Linear", [4, 3], false, 1, 1)).Layers[0];

        (layer.Kept, layer.Total, layer.UnitsAlive, layer.Units, layer.DenseFlops, layer.Flops).Should().Be((5, 12, 3, 4, 24, 10));
    }

    [Fact]
    public void Create_GroupedConvolution_TakesGroupsFromTheWeightsShape()
    {
        // Depthwise, 4 channels: [4, 1, 3, 3], groups 4.
        var mask = zeros(4, 1, 3, 3);
        mask[0, 0, 1, 1] = 1;
        mask[3, 0, 0, 0] = 1;
        var layer = Report(mask, new("dw.weight", "Conv2d", [4, 1, 3, 3], false, 4, 25)).Layers[0];

        (layer.UnitsAlive, layer.Units, layer.DenseFlops, layer.Flops).Should().Be((2, 4, 2 * 36 * 25, 2 * 2 * 25));
    }

    [Fact]
    public void Create_TransposedConvolution_CountsOutputChannelsOfEveryGroup()
    {
        // [in 4, out/groups 3, 2], groups 2: inputs 0, 1 feed outputs 0 to 2, inputs 2, 3 feed outputs 3 to 5.
        var mask = zeros(4, 3, 2);
        mask[0, 1, 0] = 1; // output 1
        mask[1, 1, 1] = 1; // output 1 again
        mask[1, 2, 0] = 1; // output 2
        mask[3, 1, 0] = 1; // output 4
        var layer = Report(mask, new("up.weight", "ConvTranspose1d", [4, 3, 2], true, 2, 10)).Layers[0];

        (layer.UnitsAlive, layer.Units, layer.DenseFlops, layer.Flops).Should().Be((3, 6, 2 * 24 * 10, 2 * 4 * 10));
    }

    [Fact]
    public void Create_SeveralLayers_SumsThem()
    {
        var report = Small();

        (report.Method, report.Kept, report.Total, report.UnitsAlive, report.Units).Should().Be(("PX", 9, 66, 4, 8));
        // conv 2·54·16 and 2·4·16, fc 2·8 and 2·5, cut 2·4 and 0, and 1,000 of layers that are not pruned
        (report.DenseFlops, report.Flops, report.OtherFlops).Should().Be((1728 + 16 + 8 + 1000, 128 + 10 + 0 + 1000, 1000));
        report.Density.Should().BeApproximately(9 / 66.0, Exactly);
        report.Sparsity.Should().BeApproximately(1 - 9 / 66.0, Exactly);
        report.CompressionRatio.Should().BeApproximately(66 / 9.0, Exactly);
        report.CollapsedLayers.Should().Equal("cut.weight");
        report.Layers.Select(layer => layer.Name).Should().Equal("conv.weight", "fc.weight", "cut.weight");
    }

    [Fact]
    public void Create_ALayerOfUnknownPositions_LeavesItsFlopsAndTheSumsUnknown()
    {
        var report = Small(positionsOfFc: null);

        report.Layers[1].DenseFlops.Should().BeNull();
        report.Layers[1].Flops.Should().BeNull();
        report.Layers[0].DenseFlops.Should().Be(1728);
        report.DenseFlops.Should().BeNull();
        report.Flops.Should().BeNull();
    }

    [Fact]
    public void Create_NothingKept_IsInfinitelySmall()
    {
        var report = Report(zeros(2, 2), new("fc.weight", "Linear", [2, 2], false, 1, 1));

        report.CompressionRatio.Should().Be(double.PositiveInfinity);
        report.Density.Should().Be(0);
        report.CollapsedLayers.Should().Equal("fc.weight");
        report.ToString().Should().Contain("0 of 4 weights kept (sparsity 100.00 %, nothing is left)");
    }

    [Fact]
    public void ToString_Report_IsAnAlignedTableInAnyCulture()
    {
        var text = InAForeignCulture(() => Small().ToString());

        text.Should().Be(
            """
            PX: 9 of 66 weights kept (sparsity 86.36 %, 7.33x smaller)

            layer        type    kept  total  density  units alive  FLOPs  of dense
            -----------  ------  ----  -----  -------  -----------  -----  --------
            conv.weight  Conv2d     4     54   7.41 %        1 / 2    128     1,728
            fc.weight    Linear     5      8  62.50 %        3 / 4     10        16
            cut.weight   Linear     0      4   0.00 %        0 / 2      0         8
            -----------  ------  ----  -----  -------  -----------  -----  --------
            not pruned                                              1,000     1,000
            total                   9     66  13.64 %        4 / 8  1,138     2,752
            FLOPs: one sample, a multiply-add counts as 2; biases, normalisation and activations are not counted.
            1 layer collapsed, no weight is left in it: cut.weight

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void ToString_UnknownFlops_LeavesTheColumnsOut()
    {
        var text = Small(positionsOfFc: null).ToString();

        text.Should().NotContain("FLOPs").And.Contain("units alive\n");
    }

    [Fact]
    public void ToString_SoundNetwork_SaysThatNothingCollapsed()
    {
        var text = Report(ones(2, 2), new("fc.weight", "Linear", [2, 2], false, 1, 1)).ToString();

        text.Should().EndWith("No layer collapsed.\n").And.Contain("4 of 4 weights kept (sparsity 0.00 %, 1x smaller)");
    }

    [Fact]
    public void ToString_SeveralCollapsedLayers_NamesThemAll()
    {
        using var mask = new PruningMask([KeyValuePair.Create("a", zeros(1, 1)), KeyValuePair.Create("b", zeros(1, 1))]);
        var report = PruningReport.Create("SNIP", [new("a", "Linear", [1, 1], false, 1, 1), new("b", "Linear", [1, 1], false, 1, 1)], mask);

        report.ToString().Should().EndWith("2 layers collapsed, no weight is left in them: a, b\n");
    }

    [Theory]
    [InlineData(10, 10, "Input and output are still connected: 10 of 10 outputs reached.\n")]
    [InlineData(1, 1000, "Input and output are still connected: 1 of 1,000 outputs reached.\n")]
    public void ToString_ConnectedNetwork_SaysHowManyOutputsAreReached(long reached, long outputs, string expected) =>
        Report(ones(2, 2), new("fc.weight", "Linear", [2, 2], false, 1, 1), new(reached, outputs)).ToString()
            .Should().EndWith("No layer collapsed.\n" + expected);

    [Fact]
    public void ToString_CutNetwork_SaysWhatToDo()
    {
        var report = Report(zeros(2, 2), new("fc.weight", "Linear", [2, 2], false, 1, 1), new(0, 2));

        report.IsConnected.Should().BeFalse();
        report.ToString().Should().EndWith(
            "Input and output are NOT connected: 0 of 2 outputs reached, the network answers the same to every input. "
            + "Prune less, in more rounds, or with a minimum for every layer: PruningScope.WithMinimumDensity.\n");
    }

    [Fact]
    public void Create_ConnectivityUnknown_IsNull()
    {
        var report = Small();

        (report.IsConnected, report.OutputsReached, report.Outputs).Should().Be((null, null, null));
    }

    [Fact]
    public void ToCsv_Report_IsTheSameInAnyCulture()
    {
        var csv = InAForeignCulture(() => Small(positionsOfFc: null).ToCsv());

        csv.Should().Be(
            """
            layer,type,kept,total,density,units_alive,units,dense_flops,flops
            conv.weight,Conv2d,4,54,0.07407407407407407,1,2,1728,128
            fc.weight,Linear,5,8,0.625,3,4,,
            cut.weight,Linear,0,4,0,0,2,8,0

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void ToCsv_NamesWithCommasAndQuotes_AreQuoted()
    {
        using var mask = new PruningMask([KeyValuePair.Create("a,\"b\"", ones(1, 1))]);
        var csv = PruningReport.Create("PX", [new("a,\"b\"", "Linear", [1, 1], false, 1, null)], mask).ToCsv();

        csv.Should().Contain("\"a,\"\"b\"\"\",Linear,1,1,1,1,1,,\n");
    }

    private static PruningReport Report(Tensor mask, LayerInfo layer, Connectivity? connectivity = null)
    {
        using var owned = new PruningMask([KeyValuePair.Create(layer.Name, mask)]);
        return PruningReport.Create("PX", [layer], owned, connectivity: connectivity);
    }

    private static PruningReport Small(long? positionsOfFc = 1)
    {
        var conv = zeros(2, 3, 3, 3);
        conv.reshape(54).narrow(0, 50, 4).fill_(1);
        using var mask = new PruningMask(
        [
            KeyValuePair.Create("conv.weight", conv),
            KeyValuePair.Create("fc.weight", tensor(new float[,] { { 1, 1 }, { 1, 0 }, { 1, 1 }, { 0, 0 } })),
            KeyValuePair.Create("cut.weight", zeros(2, 2)),
        ]);
        return PruningReport.Create("PX",
        [
            new("conv.weight", "Conv2d", [2, 3, 3, 3], false, 1, 16),
            new("fc.weight", "Linear", [4, 2], false, 1, positionsOfFc),
            new("cut.weight", "Linear", [2, 2], false, 1, 1),
        ], mask, otherFlops: 1000);
    }

    private static string InAForeignCulture(Func<string> write)
    {
        var before = CultureInfo.CurrentCulture;
        var foreign = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        foreign.NumberFormat.NumberDecimalSeparator = ",";
        foreign.NumberFormat.NumberGroupSeparator = ".";
        foreign.NumberFormat.NegativeSign = "~";
        CultureInfo.CurrentCulture = foreign;
        try
        {
            return write();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
