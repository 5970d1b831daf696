using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>What does not need torchvision's answers; <c>TorchvisionTests</c> has those.</summary>
public sealed class VggTests
{
    /// <summary>Four channels instead of 64, so that a test takes milliseconds.</summary>
    private static readonly VggOptions Narrow = new() { Depth = 11, Width = 4, Classes = 5, Seed = 1 };

    private static readonly VggOptions NarrowCifar = Narrow with { Layout = VggLayout.Cifar };

    [Theory]
    [InlineData(11), InlineData(13), InlineData(16), InlineData(19)]
    public void Call_CifarLayout_EndsInTwoByTwoMapsAndOneLinearLayer(int depth)
    {
        using var model = Vgg.Create(NarrowCifar with { Depth = depth });
        var shapes = new Dictionary<string, long[]>();
        foreach (var (name, module) in model.named_children())
            ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, y) => { shapes[name] = y.shape; return null!; });
        using var input = randn(2, 3, 32, 32);
        using var output = model.call(input);
        shapes["features"].Should().Equal(2, 32, 2, 2);
        shapes["avgpool"].Should().Equal(2, 32, 1, 1);
        shapes["classifier"].Should().Equal(2, 5);
        model.modules().OfType<MaxPool2d>().Should().HaveCount(4);
        model.modules().OfType<Linear>().Should().HaveCount(1);
        model.modules().OfType<Conv2d>().Count(convolution => convolution.bias is not null).Should().Be(depth - 3);
        model.state_dict().Keys.Should().Contain(["features.0.weight", "features.0.bias", "features.1.running_mean", "classifier.weight", "classifier.bias"]);
    }

    [Fact]
    public void Create_CifarVgg16WithNorms_Has14765988Parameters()
    {
        // Convolutions: 9 · (3·64 + 64² + 64·128 + 128² + 128·256 + 2·256² + 256·512 + 5·512²) = 14,710,464 weights and 4,224 biases;
        // norms 2 · 4,224; the classifier 512 · 100 + 100.
        using var model = Vgg.Create(new VggOptions { Layout = VggLayout.Cifar, Classes = 100 });
        model.parameters().Sum(parameter => parameter.numel()).Should().Be(14_710_464 + (3 * 4_224) + 51_300);
    }

    [Theory]
    [InlineData(VggLayout.ImageNet, true, 10)] // 8 convolutions, 2 hidden layers
    [InlineData(VggLayout.ImageNet, false, 10)]
    [InlineData(VggLayout.Cifar, true, 8)]
    [InlineData(VggLayout.Cifar, false, 8)]
    public void Call_OnAnyInput_RunsEveryModuleThroughCallOnce(VggLayout layout, bool batchNorm, int relus)
    {
        using var model = Vgg.Create(Narrow with { Layout = layout, BatchNorm = batchNorm });
        var fired = new Dictionary<string, int>();
        foreach (var (name, module) in model.named_modules())
            ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, _) => { fired[name] = fired.GetValueOrDefault(name) + 1; return null!; });
        using var input = randn(2, 3, 33, 47);
        using var output = model.call(input);
        output.shape.Should().Equal(2, 5);
        model.modules().OfType<ReLU>().Should().HaveCount(relus);
        fired.Keys.Should().BeEquivalentTo(model.named_modules().Select(pair => pair.name));
        fired.Values.Should().AllBeEquivalentTo(1);
    }

    [Fact]
    public void Call_InTrainingMode_DropsHiddenUnitsWithTheGivenProbability()
    {
        using var model = Vgg.Create(Narrow with { Dropout = 0.25 });
        var dropouts = model.modules().OfType<Dropout>().ToList();
        dropouts.Should().HaveCount(2).And.OnlyContain(dropout => dropout.p == 0.25);
        using var input = randn(2, 3, 32, 32);
        model.call(input).Dispose();
        using var first = model.call(input);
        using var second = model.call(input);
        first.Floats().Should().NotEqual(second.Floats());
        model.eval();
        using var third = model.call(input);
        using var fourth = model.call(input);
        third.Floats().Should().Equal(fourth.Floats());
    }

    [Theory]
    [InlineData(VggLayout.ImageNet), InlineData(VggLayout.Cifar)]
    public void Backward_OfATrainingStep_ReachesEveryParameterAndLowersTheLoss(VggLayout layout)
    {
        using var model = Vgg.Create(Narrow with { Layout = layout, Dropout = 0, Initialization = WeightInitialization.FanIn }).to(ScalarType.Float64);
        using var generator = new Generator(1);
        using var input = randn([8, 3, 64, 64], ScalarType.Float64, generator: generator);
        using var target = arange(8, ScalarType.Int64).remainder(5);
        var convolutions = model.named_modules().Where(pair => pair.module is Conv2d).Select(pair => $"{pair.name}.bias").ToHashSet();
        // Batch norm takes the mean away, and a convolution's bias with it.
        model.ShouldDescend(() => nn.functional.cross_entropy(model.call(input), target), ignored: convolutions.Contains);
    }

    [Fact]
    public void Create_FanOut_DrawsAsTorchvision()
    {
        using var model = Vgg.Create(new VggOptions { Depth = 11, Width = 16, Seed = 3 });
        foreach (var (name, module) in model.named_modules())
        {
            // fan_out: out · k · k, whatever the inputs.
            if (module is Convolution convolution)
                Check(convolution.weight, convolution.bias!, Math.Sqrt(2.0 / (convolution.weight.numel() / convolution.weight.shape[1])), name);
            else if (module is Linear linear)
                Check(linear.weight, linear.bias!, 0.01, name);
        }

        static void Check(Tensor weight, Tensor bias, double deviation, string name)
        {
            weight.ShouldBeNormal(deviation, name);
            bias.Floats().Should().AllBeEquivalentTo(0f, name);
        }
    }

    [Fact]
    public void Create_FanIn_DrawsAsThePruningPapers()
    {
        using var model = Vgg.Create(new VggOptions { Layout = VggLayout.Cifar, Classes = 100, Seed = 3, Initialization = WeightInitialization.FanIn });
        foreach (var (name, module) in model.named_modules())
        {
            if (module is Convolution convolution)
                Check(convolution.weight, convolution.bias!, name);
            else if (module is Linear linear)
                Check(linear.weight, linear.bias!, name);
        }

        static void Check(Tensor weight, Tensor bias, string name)
        {
            var fanIn = weight.numel() / weight.shape[0];
            weight.ShouldBeNormal(Math.Sqrt(2.0 / fanIn), name);
            bias.ShouldBeUniform(1 / Math.Sqrt(fanIn), name);
        }
    }

    [Fact]
    public void Create_SameSeed_GivesTheSameWeightsAndLeavesTheGlobalState()
    {
        manual_seed(7);
        using var expected = rand(4);
        manual_seed(7);
        using var first = Vgg.Create(NarrowCifar);
        using var found = rand(4);
        using var second = Vgg.Create(NarrowCifar);
        using var other = Vgg.Create(NarrowCifar with { Seed = 6 });
        found.Floats().Should().Equal(expected.Floats());
        Weights(first).Should().Equal(Weights(second));
        Weights(first).Should().NotEqual(Weights(other));
    }

    public static TheoryData<VggOptions, string> BadOptions => new()
    {
        { new() { Depth = 12 }, "*11, 13, 16 or 19*" },
        { new() { Classes = 0 }, "*Classes*" },
        { new() { InputChannels = 0 }, "*InputChannels*" },
        { new() { Width = 0 }, "*Width*" },
        { new() { Dropout = 1 }, "*[0, 1)*" },
        { new() { Dropout = -0.1 }, "*[0, 1)*" },
        { new() { Dropout = double.NaN }, "*[0, 1)*" },
        { new() { Layout = (VggLayout)9 }, "*layout*" },
        { new() { Initialization = (WeightInitialization)9 }, "*initialisation*" },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Create_OptionsOutsideTheirRange_AreRefusedBeforeAnyTensorIsMade(VggOptions options, string message)
    {
        var before = LiveTensors.Count;
        FluentActions.Invoking(() => Vgg.Create(options)).Should().Throw<ArgumentException>().WithMessage(message);
        LiveTensors.Count.Should().Be(before);
    }

    [Theory]
    [InlineData(VggLayout.ImageNet), InlineData(VggLayout.Cifar)]
    public void Create_ForwardBackwardAndDispose_LeavesNoTensors(VggLayout layout) => LiveTensors.ShouldNotGrow(() =>
    {
        using var model = Vgg.Create(Narrow with { Layout = layout });
        using var input = randn(2, 3, 32, 32);
        using var output = model.call(input);
        using var loss = output.sum();
        loss.backward();
    }, biasedConvolutions: 8);

    [Fact]
    public void Create_InsideADisposeScope_OutlivesIt()
    {
        Vgg model;
        using (NewDisposeScope())
            model = Vgg.Create(Narrow);
        using var input = randn(2, 3, 32, 32);
        model.call(input).Dispose();
        model.Dispose();
    }

    private static float[] Weights(Vgg model) => [.. model.parameters().SelectMany(parameter => parameter.Floats())];
}
