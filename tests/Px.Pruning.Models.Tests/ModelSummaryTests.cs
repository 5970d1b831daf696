using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

public sealed class ModelSummaryTests
{
    [Fact]
    public void Of_EveryKindOfWeight_CountsEachUseOfIt()
    {
        using var model = Small();
        var summary = ModelSummary.Of(model, 4, 9, 9);
        summary.Layers.Select(layer => (layer.Name, layer.Kind, layer.Parameters, layer.Flops)).Should().Equal(
            // 8 · 5 · 5 outputs, each the sum of 4/2 · 9 products.
            ("0", "Conv2d", (8 * 2 * 9) + 8, 2 * 200 * 18),
            ("1", "ReLU", 0, 0),
            // 8 · 5 · 5 inputs, each multiplied by 6/2 · 9 weights.
            ("2", "ConvTranspose2d", (8 * 3 * 9) + 6, 2 * 200 * 27),
            ("3", "Flatten", 0, 0),
            ("4", "Linear", (726 * 7) + 7, 2 * 726 * 7));
        summary.Layers.Select(layer => layer.OutputShape).Should().BeEquivalentTo(
            new long[][] { [8, 5, 5], [8, 5, 5], [6, 11, 11], [726], [7] }, order => order.WithStrictOrdering());
        summary.Parameters.Should().Be(152 + 222 + 5_089).And.Be(model.parameters().Sum(parameter => parameter.numel()));
        summary.Flops.Should().Be(7_200 + 10_800 + 10_164);
        summary.InputShape.Should().Equal(4, 9, 9);
    }

    [Fact]
    public void ToString_OfASummary_IsAnAlignedTable()
    {
        using var model = Small();
        ModelSummary.Of(model, 4, 9, 9).ToString().Should().Be(
            $"""
            {model.GetName()}: 5,463 parameters, 28,164 FLOPs for one sample of 4 x 9 x 9

            layer  kind                  output  parameters   FLOPs
            -----  ---------------  -----------  ----------  ------
            0      Conv2d             8 x 5 x 5         152   7,200
            1      ReLU               8 x 5 x 5           0       0
            2      ConvTranspose2d  6 x 11 x 11         222  10,800
            3      Flatten                  726           0       0
            4      Linear                     7       5,089  10,164
            -----  ---------------  -----------  ----------  ------
            total                                     5,463  28,164
            FLOPs: a multiply-add counts as 2; biases, normalisation, activations and pooling are not counted.

            """.ReplaceLineEndings("\n"));
    }

    [Theory]
    // Billions of multiply-adds at 224×224 as torchvision's documentation of its weights has them.
    [InlineData(18, 1.814), InlineData(50, 4.089)]
    public void Of_ResNets_HasThePublishedMultiplyAdds(int depth, double billions)
    {
        using var model = ResNet.Create(new ResNetOptions { Depth = depth });
        Math.Round(ModelSummary.Of(model, 3, 224, 224).Flops / 2e9, 3).Should().Be(billions);
    }

    [Fact]
    public void Of_Vgg11_HasThePublishedMultiplyAdds()
    {
        using var model = Vgg.Create(new VggOptions { Depth = 11, BatchNorm = false });
        Math.Round(ModelSummary.Of(model, 3, 224, 224).Flops / 2e9, 3).Should().Be(7.609);
    }

    [Fact]
    public void ToString_OfNetworks_SummarizesTheirNaturalInput()
    {
        // ResNet-20, He et al. 2016: 442,368 in the stem, 6 · 2,304 · 1,024, twice (4,608 + 5 · 9,216) · 256, 640 multiply-adds = 40.55 million;
        // projections add 2 · 131,072.
        FirstLine(CifarResNet.Create()).Should().Be("ResNet-20: 272,474 parameters, 81,626,368 FLOPs for one sample of 3 x 32 x 32");
        FirstLine(ResNet.Create(new ResNetOptions { Depth = 18, Width = 4 })).Should().StartWith("ResNet-18: ").And.EndWith("for one sample of 3 x 224 x 224");
        FirstLine(ResNet.Create(new ResNetOptions { Depth = 50, Width = 4, Stem = ResNetStem.ThreeByThree, InputChannels = 1 })).Should().StartWith("ResNet-50: ").And.EndWith("for one sample of 1 x 64 x 64");
        FirstLine(Vgg.Create(new VggOptions { Depth = 11, Width = 4 })).Should().StartWith("VGG-11: ").And.EndWith("for one sample of 3 x 224 x 224");
        FirstLine(Vgg.Create(new VggOptions { Width = 4, Layout = VggLayout.Cifar })).Should().StartWith("VGG-16: ").And.EndWith("for one sample of 3 x 32 x 32");

        static string FirstLine(nn.Module model)
        {
            using (model)
                return model.ToString()!.Split('\n')[0];
        }
    }

    [Fact]
    public void Of_Blocks_AreListedDepthFirst()
    {
        using var model = ResNet.Create(new ResNetOptions { Depth = 18, Width = 4 });
        ModelSummary.Of(model, 3, 32, 32).Layers.Select(layer => layer.Name).Should()
            .StartWith(["conv1", "bn1", "relu", "maxpool", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu1"]).And.EndWith(["layer4.1.relu2", "avgpool", "fc"])
            .And.ContainInOrder("layer2.0.relu2", "layer2.0.downsample.0", "layer2.0.downsample.1", "layer2.1.conv1");
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void Of_AModel_LeavesItAsItWas(bool fails)
    {
        using var model = new Irregular { Fails = fails };
        model.train();
        model.Norm.eval();
        var before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.Bytes());
        var summarize = () => ModelSummary.Of(model, 2, 4, 4);
        if (fails)
            summarize.Should().Throw<InvalidOperationException>();
        else
            summarize();
        model.training.Should().BeTrue();
        model.Shared.training.Should().BeTrue();
        model.Norm.training.Should().BeFalse();
        model.Hooks.Should().Be(0);
        model.parameters().Count(parameter => parameter.grad is not null).Should().Be(0);
        model.state_dict().Keys.Should().Equal(before.Keys);
        foreach (var (name, tensor) in model.state_dict())
            tensor.Bytes().Should().Equal(before[name], name);
        is_grad_enabled().Should().BeTrue();
        LiveTensors.ShouldNotGrow(() =>
        {
            try
            {
                summarize();
            }
            catch (InvalidOperationException)
            {
            }
        });
    }

    [Fact]
    public void Of_AnIrregularModel_CountsWhatRunsAndWhatIsThere()
    {
        using var model = new Irregular();
        var summary = ModelSummary.Of(model, 2, 4, 4);
        summary.Layers.Select(layer => (layer.Name, layer.OutputShape is null, layer.Parameters, layer.Flops)).Should().Equal(
            ("", false, 1, 0), // a parameter of its own
            ("shared", false, 4, 2 * 2 * 4 * 16), // called twice
            ("norm", false, 4, 0),
            ("unused", true, 6, 0));
        summary.Parameters.Should().Be(15);
    }

    [Fact]
    public void Of_AModelInFloat64_RunsInFloat64()
    {
        using var model = Small().to(ScalarType.Float64);
        ModelSummary.Of(model, 4, 9, 9).Flops.Should().Be(28_164);
    }

    [Theory]
    [InlineData(new long[0]), InlineData(new long[] { 3, 0, 4 }), InlineData(new long[] { -1 })]
    public void Of_NoShapeOfASample_IsRefused(long[] shape)
    {
        using var model = Small();
        FluentActions.Invoking(() => ModelSummary.Of(model, shape)).Should().Throw<ArgumentException>().WithMessage("*3, 224, 224*");
    }

    private static Sequential Small() => nn.Sequential(
        nn.Conv2d(4, 8, kernel_size: 3, stride: 2, padding: 2, dilation: 2, groups: 2), // (9 + 4 − 5) / 2 + 1 = 5
        nn.ReLU(),
        nn.ConvTranspose2d(8, 6, kernel_size: 3, stride: 2, groups: 2), // (5 − 1) · 2 + 3 = 11
        nn.Flatten(),
        nn.Linear(726, 7));

    /// <summary>A parameter of its own, a layer of two names that is called twice, and one that is not called.</summary>
    private sealed class Irregular : nn.Module<Tensor, Tensor>
    {
        private readonly Linear _unused = nn.Linear(2, 2);
        private readonly Parameter _scale = new(ones(1));

        public Irregular()
            : base(nameof(Irregular))
        {
            register_parameter("scale", _scale);
            register_module("shared", Shared);
            register_module("again", Shared);
            register_module("norm", Norm);
            register_module("unused", _unused);
        }

        public Conv2d Shared { get; } = nn.Conv2d(2, 2, kernel_size: 1, bias: false);

        public BatchNorm2d Norm { get; } = nn.BatchNorm2d(2);

        public bool Fails { get; init; }

        public int Hooks => post_hooks.Count;

        public override Tensor forward(Tensor input)
        {
            using var activations = NewDisposeScope();
            var x = Shared.call(Norm.call(Shared.call(input)).mul(_scale));
            return Fails ? throw new InvalidOperationException("stop") : x.MoveToOuterDisposeScope();
        }

        protected override void RegisterComponents()
        {
        }
    }
}
