using Px.Pruning.Analysis;
using Px.Pruning.Models;
using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Engine.Wiring;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis;

public sealed class NetworkAnalysisTests : LeakCheckedTests
{
    /// <summary>2 × weights × positions by hand; positions of the output, of the input where transposed.</summary>
    public static TheoryData<string, long[], long, long> Flops() => new()
    {
        { "grouped", [8, 5, 7], 12 * 2 * 9, 5 * 7 },
        { "depthwise", [6, 9, 9], 6 * 25, 3 * 3 },
        { "dilated", [3, 9, 9], 4 * 3 * 9, 3 * 3 },
        { "same", [3, 6, 4], 2 * 3 * 16, 6 * 4 },
        { "transposed", [4, 5, 5], 4 * 3 * 9, 5 * 5 },
        { "1-d", [2, 13], 3 * 2 * 4, 4 },
        { "transposed 1-d", [2, 13], 2 * 3 * 4, 13 },
        { "3-d", [1, 4, 4, 4], 2 * 8, 3 * 3 * 3 },
        { "transposed 3-d", [2, 2, 3, 2], 2 * 1 * 8, 12 },
        { "linear", [3], 5 * 3, 1 },
        { "linear on a sequence", [7, 3], 5 * 3, 7 },
        { "linear on a sequence of sequences", [2, 7, 3], 5 * 3, 14 },
    };

    [Theory]
    [MemberData(nameof(Flops))]
    public void Analyze_LayersOfEveryKind_CountFlopsAsByHand(string kind, long[] shape, long weights, long positions)
    {
        Module<Tensor, Tensor> layer = kind switch
        {
            "grouped" => Conv2d(8, 12, 3, padding: 1, groups: 4),
            "depthwise" => Conv2d(6, 6, 5, stride: 2, groups: 6),
            "dilated" => Conv2d(3, 4, 3, dilation: 3),
            "same" => Conv2d(3, 2, 4, padding: Padding.Same),
            "transposed" => ConvTranspose2d(4, 6, 3, stride: 2, groups: 2),
            "1-d" => Conv1d(2, 3, 4, stride: 3),
            "transposed 1-d" => ConvTranspose1d(2, 3, 4, stride: 3),
            "3-d" => Conv3d(1, 2, 2),
            "transposed 3-d" => ConvTranspose3d(2, 1, 2),
            _ => Linear(3, 5),
        };
        using var model = Sequential(("layer", layer));
        var analysis = NetworkAnalysis.Analyze(model, shape);

        var row = analysis.Layers.Should().ContainSingle().Subject;
        (row.Name, row.Total, row.Kept, row.Effective).Should().Be(("layer.weight", weights, weights, weights));
        (row.DenseFlops, row.Flops, row.EffectiveFlops).Should().Be((2 * weights * positions, 2 * weights * positions, 2 * weights * positions));
        analysis.Parameters.Should().Be(weights + row.Units);
    }

    [Theory]
    [InlineData(CifarShortcut.ZeroPadding, 40_551_040, 269_722)]
    [InlineData(CifarShortcut.Projection, 40_813_184, 272_474)]
    public void Analyze_ResNet20_HasThePublishedCounts(CifarShortcut shortcut, long multiplyAdds, long parameters)
    {
        // He et al., section 4.2: 0.27 M parameters. Stem; six 16→16 at 32²; 16→32 and five 32→32 at 16²; 32→64 and five 64→64 at 8²; 64→10.
        long byHand = 16 * 27 * 1024 + 6 * 16 * 16 * 9 * 1024 + (16 * 32 + 5 * 32 * 32) * 9 * 256 + (32 * 64 + 5 * 64 * 64) * 9 * 64 + 640;
        long projections = shortcut == CifarShortcut.Projection ? 16 * 32 * 256 + 32 * 64 * 64 : 0;
        multiplyAdds.Should().Be(byHand + projections);
        using var model = CifarResNet.Create(new() { Shortcut = shortcut, Seed = 1 });

        var analysis = NetworkAnalysis.Analyze(model, [3, 32, 32]);

        analysis.DenseFlops.Should().Be(2 * multiplyAdds);
        (analysis.Parameters, analysis.ParametersKept, analysis.ParametersEffective).Should().Be((parameters, parameters, parameters));
        analysis.Layers.Should().HaveCount(shortcut == CifarShortcut.Projection ? 22 : 20);
        (analysis.Outputs, analysis.IsConnected, analysis.EffectiveSparsity).Should().Be((10, true, 0));
    }

    [Fact]
    public void Analyze_ResNet50_HasThePublishedCounts()
    {
        // torchvision: 25,557,032 parameters and 4.089 billion multiply-adds at 224². A stage of n blocks of width w at s²: the first block takes c channels at
        // (2s)² (stage 1: at s²), its 1×1 runs there, and it has a projection; the others take 4w.
        static long Stage(long c, long w, long s, long n, long first) =>
            c * w * first * first + (9 * w * w + 4 * w * w + 4 * c * w) * s * s + (n - 1) * (4 * w * w + 9 * w * w + 4 * w * w) * s * s;
        long multiplyAdds = 64 * 3 * 49 * 112 * 112 + Stage(64, 64, 56, 3, 56) + Stage(256, 128, 28, 4, 56) + Stage(512, 256, 14, 6, 28) + Stage(1024, 512, 7, 3, 14) + 2048 * 1000;
        multiplyAdds.Should().Be(4_089_184_256);
        using var model = ResNet.Create(new() { Depth = 50, Seed = 1 });

        var analysis = NetworkAnalysis.Analyze(model, [3, 224, 224]);

        analysis.DenseFlops.Should().Be(2 * multiplyAdds);
        analysis.Parameters.Should().Be(25_557_032);
        (analysis.EffectiveFlops, analysis.Effective).Should().Be((analysis.DenseFlops, analysis.Total));
        analysis.Diagnosis.IsSound.Should().BeTrue();
    }

    [Fact]
    public void Analyze_Vgg16_HasTheCountsByHand()
    {
        // The 13 convolutions of Simonyan and Zisserman's configuration D at 32², where each is a 49th of its cost at 224², and one linear layer.
        (long In, long Out, long Size)[] table =
        [
            (3, 64, 32), (64, 64, 32), (64, 128, 16), (128, 128, 16), (128, 256, 8), (256, 256, 8), (256, 256, 8),
            (256, 512, 4), (512, 512, 4), (512, 512, 4), (512, 512, 2), (512, 512, 2), (512, 512, 2),
        ];
        long convolutions = table.Sum(layer => 9 * layer.In * layer.Out * layer.Size * layer.Size), weights = table.Sum(layer => 9 * layer.In * layer.Out);
        // The published 15.47 billion at 224² are these and three linear layers of 25,088 × 4,096, 4,096 × 4,096 and 4,096 × 1,000.
        (49 * convolutions + 25_088 * 4_096 + 4_096 * 4_096 + 4_096 * 1_000).Should().Be(15_470_264_320);
        using var model = Models.Vgg.Create(new() { Depth = 16, Layout = VggLayout.Cifar, Classes = 10, Seed = 1 });

        var analysis = NetworkAnalysis.Analyze(model, [3, 32, 32]);

        analysis.Layers.Select(layer => layer.DenseFlops).Should().Equal([.. table.Select(layer => (long?)(18 * layer.In * layer.Out * layer.Size * layer.Size)), 2 * 512 * 10]);
        (analysis.Total, analysis.DenseFlops).Should().Be((weights + 5120, 2 * convolutions + 2 * 5120));
    }

    [Fact]
    public void Analyze_MaskedNet_CountsByHand()
    {
        using var model = Small();
        using var mask = SmallMask();

        var analysis = NetworkAnalysis.Analyze(model, [1, 4, 4], mask);

        // conv on 4²: channel 0 keeps two weights and is read, channel 1 keeps one and is not, channel 2 is empty but read.
        analysis.Layers[0].Should().BeEquivalentTo(new LayerAnalysis
        {
            Name = "conv.weight", Type = "Conv2d", Total = 12, Kept = 3, Effective = 2, Units = 3, UnitsAlive = 2, UnitsEffective = 1,
            Inputs = 1, InputsAlive = 1, InputsEffective = 1, DenseFlops = 2 * 12 * 9, Flops = 2 * 3 * 9, EffectiveFlops = 2 * 2 * 9,
        });
        analysis.Layers[1].Should().BeEquivalentTo(new LayerAnalysis
        {
            Name = "fc.weight", Type = "Linear", Total = 6, Kept = 2, Effective = 1, Units = 2, UnitsAlive = 2, UnitsEffective = 1,
            Inputs = 3, InputsAlive = 2, InputsEffective = 1, DenseFlops = 12, Flops = 4, EffectiveFlops = 2,
        });
        (analysis.Total, analysis.Kept, analysis.Effective).Should().Be((18, 5, 3));
        (analysis.Sparsity, analysis.EffectiveSparsity).Should().Be((1 - 5.0 / 18, 1 - 3.0 / 18));
        // 18 weights, a bias of 2 and 3 + 3 of the norm layer.
        (analysis.Parameters, analysis.ParametersKept, analysis.ParametersEffective).Should().Be((26, 13, 11));
        (analysis.Units, analysis.UnitsAlive, analysis.UnitsEffective).Should().Be((5, 4, 2));
        (analysis.DenseFlops, analysis.Flops, analysis.EffectiveFlops).Should().Be((228, 58, 38));
        (analysis.Outputs, analysis.IsConnected).Should().Be((2, true));
        analysis.DeadOutputs.Should().Equal(1);
    }

    [Fact]
    public void Analyze_SharedLayer_CountsItsWeightsOnceAndItsUsesTwice()
    {
        using var model = new GraphNet([("a", Conv2d(2, 2, 1)), ("b", MaxPool2d(2))], (layer, x) => layer("a", layer("b", layer("a", x))));
        var analysis = NetworkAnalysis.Analyze(model, [2, 4, 4]);

        analysis.Layers.Should().ContainSingle().Which.DenseFlops.Should().Be(2 * 4 * (16 + 4));
        analysis.Parameters.Should().Be(6);
    }

    [Fact]
    public void Analyze_LayersThatTheMaskDoesNotName_AreWhole()
    {
        using var model = Small();
        using var mask = new PruningMask([KeyValuePair.Create("fc.weight", zeros(2, 3))]);

        NetworkAnalysis.Analyze(model, [1, 4, 4], mask).Layers.Select(layer => layer.Kept).Should().Equal(12, 0);
    }

    [Fact]
    public void Analyze_PruningReportOfTheSameMask_Agrees()
    {
        using var model = new ResidualNet(functionalTail: false);
        using var result = new SynFlowPruner().Prune(model, PruningData.Shape(3, 8, 8), 0.9);
        var analysis = NetworkAnalysis.Analyze(model, [3, 8, 8], result.Mask);

        (analysis.Kept, analysis.Flops, analysis.DenseFlops, analysis.UnitsAlive).Should().Be((result.Report.Kept, result.Report.Flops, result.Report.DenseFlops, result.Report.UnitsAlive));
        (analysis.Outputs - analysis.DeadOutputs!.Count).Should().Be(result.Report.OutputsReached);
    }

    public static TheoryData<string> WithoutPaths() => ["gated", "shifted", "detached", "without gradients", "squashed", "silent"];

    [Theory]
    [MemberData(nameof(WithoutPaths))]
    public void Analyze_ForwardThatIsNotOfPaths_LeavesEffectiveNumbersUnknown(string kind)
    {
        using Module<Tensor, Tensor> model = kind switch
        {
            "gated" => new Lambda(x => x * x.sigmoid()),
            "shifted" => new Lambda(x => x + 1),
            "detached" => new Lambda(x => x.detach()),
            "without gradients" => new Lambda(x =>
            {
                using (no_grad()) return x * 2;
            }),
            "squashed" => new Lambda(x => x.softmax(1)),
            _ => new SilentNet(silent: true),
        };
        var analysis = NetworkAnalysis.Analyze(model, kind == "silent" ? [3, 8, 8] : [3]);

        analysis.PathsUnknown.Should().NotBeNullOrWhiteSpace();
        (analysis.Effective, analysis.EffectiveSparsity, analysis.UnitsEffective, analysis.EffectiveFlops, analysis.ParametersEffective, analysis.Outputs, analysis.IsConnected)
            .Should().Be((null, null, null, null, null, null, null));
        analysis.DeadOutputs.Should().BeNull();
        analysis.Layers.Should().OnlyContain(layer => layer.Effective == null && layer.Kept == layer.Total);
        analysis.Diagnosis.ToString().Should().Contain("not known: " + analysis.PathsUnknown);
        (analysis.DenseFlops is null).Should().Be(kind == "silent");
        var mask = () => NetworkAnalysis.EffectiveMask(model, kind == "silent" ? [3, 8, 8] : [3]);
        mask.Should().Throw<UnsupportedModelException>().WithMessage(analysis.PathsUnknown + "*");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Analyze_Model_IsLeftBitForBit(bool fails)
    {
        using var model = new ResidualNet(functionalTail: true);
        Samples.Disturb(model);
        model.call(randn(2, 3, 8, 8)).sum().backward();
        using var mask = RandomMasks.Draw(model, 0.5, seed: 1);
        using var cancelled = new CancellationTokenSource();
        if (fails) cancelled.Cancel();
        using var random = torch.random.get_rng_state();
        var before = ModelState.Of(model);

        var analyze = () => NetworkAnalysis.Analyze(model, [3, 8, 8], mask, cancelled.Token);
        if (fails) analyze.Should().Throw<OperationCanceledException>();
        else analyze().Kept.Should().Be(mask.Kept);

        ModelState.Of(model).ShouldEqual(before);
        using var after = torch.random.get_rng_state();
        after.bytes.ToArray().Should().Equal(random.bytes.ToArray());
    }

    [Fact]
    public void Analyze_ForwardThatThrowsOrCancelsMidway_LeavesNothingBehind()
    {
        using var source = new CancellationTokenSource();
        int calls = 0;
        using var model = new Lambda(x =>
        {
            if (++calls == 5) source.Cancel();
            return functional.relu(x);
        });
        var before = ModelState.Of(model);
        var analyze = () => NetworkAnalysis.Analyze(model, [3], cancellationToken: source.Token);
        analyze.Should().Throw<OperationCanceledException>();
        ModelState.Of(model).ShouldEqual(before);

        int runs = 0;
        using var failing = new Lambda(x => ++runs < 5 ? functional.relu(x) : throw new NotSupportedException("enough"));
        NetworkAnalysis.Analyze(failing, [3]).PathsUnknown.Should().Be("enough");
    }

    [Fact]
    public void Analyze_BadArguments_AreNamed()
    {
        using var model = Small();
        using var none = Sequential(ReLU());
        using var reshaped = new PruningMask([KeyValuePair.Create("fc.weight", ones(2, 4))]);
        using var bias = new PruningMask([KeyValuePair.Create("fc.bias", ones(2))]);
        var disposed = SmallMask();
        disposed.Dispose();

        Throws<ArgumentNullException>(() => NetworkAnalysis.Analyze(null!, [1, 4, 4]), "*model*");
        Throws<ArgumentNullException>(() => NetworkAnalysis.Analyze(model, (long[])null!), "*sampleShape*");
        Throws<ArgumentException>(() => NetworkAnalysis.Analyze(model, []), "*at least one dimension*");
        Throws<ArgumentException>(() => NetworkAnalysis.Analyze(model, [1, 1, 1]), "*does not run on an input of shape [1, 1, 1, 1]*");
        Throws<ArgumentException>(() => NetworkAnalysis.Analyze(none, [1, 4, 4]), "*no convolution, transposed convolution or linear layer is registered*");
        Throws<ArgumentException>(() => NetworkAnalysis.Analyze(model, [1, 4, 4], reshaped), "*'fc.weight' (mask [2, 4], model [2, 3])*");
        Throws<ArgumentException>(() => NetworkAnalysis.Analyze(model, [1, 4, 4], bias), "*'fc.bias'*is not the weight of*conv.weight, fc.weight*");
        Throws<ObjectDisposedException>(() => NetworkAnalysis.Analyze(model, [1, 4, 4], disposed), "*");
    }

    [Fact]
    public void ToString_Analysis_IsAnAlignedTable()
    {
        using var model = Small();
        using var mask = SmallMask();

        NetworkAnalysis.Analyze(model, [1, 4, 4], mask).ToString().Should().Be(
            """
            5 of 18 weights kept (sparsity 72.22 %), 3 of them on a path from input to output (effective sparsity 83.33 %)

            layer        type    weights  kept  effective  density  effective  units  alive  effective  FLOPs  kept  effective
            -----------  ------  -------  ----  ---------  -------  ---------  -----  -----  ---------  -----  ----  ---------
            conv.weight  Conv2d       12     3          2  25.00 %    16.67 %      3      2          1    216    54         36
            fc.weight    Linear        6     2          1  33.33 %    16.67 %      2      2          1     12     4          2
            -----------  ------  -------  ----  ---------  -------  ---------  -----  -----  ---------  -----  ----  ---------
            total                     18     5          3  27.78 %    16.67 %      5      4          2    228    58         38
            Parameters, with biases and norm layers, which are never pruned: 26, kept 13, effective 11.
            FLOPs: one sample, a multiply-add counts as 2; biases, normalisation and activations are not counted.
            Fewer FLOPs alone save no time: libtorch multiplies by scattered zeros like by any number.
            Outputs reached by a path: 1 of 2.

            """.ReplaceLineEndings("\n") + NetworkAnalysis.Analyze(model, [1, 4, 4], mask).Diagnosis);
    }

    [Fact]
    public void ToCsv_Analysis_HasALineALayer()
    {
        using var model = Small();
        using var mask = SmallMask();
        using var silent = new SilentNet(silent: true);

        NetworkAnalysis.Analyze(model, [1, 4, 4], mask).ToCsv().Should().Be(
            """
            layer,type,total,kept,effective,density,effective_density,units,units_alive,units_effective,inputs,inputs_alive,inputs_effective,dense_flops,flops,effective_flops
            conv.weight,Conv2d,12,3,2,0.25,0.16666666666666666,3,2,1,1,1,1,216,54,36
            fc.weight,Linear,6,2,1,0.3333333333333333,0.16666666666666666,2,2,1,3,2,1,12,4,2

            """.ReplaceLineEndings("\n"));
        NetworkAnalysis.Analyze(silent, [3, 8, 8]).ToCsv().Should().Contain("fc.weight,Linear,24,24,,1,,4,4,,6,6,,,,\n");
    }

    private static void Throws<T>(Action action, string message) where T : Exception => action.Should().Throw<T>().WithMessage(message);

    private static TorchSharp.Modules.Sequential Small() => Sequential(
        ("conv", Conv2d(1, 3, 2, bias: false)), ("bn", BatchNorm2d(3)), ("relu", ReLU()), ("pool", AdaptiveAvgPool2d(1)), ("flatten", Flatten()), ("fc", Linear(3, 2)));

    private static PruningMask SmallMask()
    {
        var conv = zeros(3, 1, 2, 2);
        conv[0, 0, 0, 0] = 1;
        conv[0, 0, 1, 1] = 1;
        conv[1, 0, 1, 0] = 1;
        return new([KeyValuePair.Create("conv.weight", conv), KeyValuePair.Create("fc.weight", tensor(new[,] { { 1, 0, 0 }, { 0, 0, 1 } }))]);
    }
}
