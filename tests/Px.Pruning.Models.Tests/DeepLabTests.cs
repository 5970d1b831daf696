using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>What does not need other implementations' answers; DeepLabReferenceTests has those.</summary>
public sealed class DeepLabTests
{
    /// <summary>Four channels instead of 64, so that a test takes milliseconds.</summary>
    private static readonly DeepLabOptions Narrow = new() { Depth = 18, Width = 4, HeadChannels = 8, LowLevelChannels = 6, Classes = 5, OutputStride = 16, Seed = 1 };

    public static TheoryData<DeepLabOptions> Kinds => new(
        Narrow,
        Narrow with { Depth = 50, OutputStride = 8 },
        Narrow with { SeparableConvolutions = true },
        Narrow with { DecoderConvolutions = 1, Stem = ResNetStem.ThreeByThree },
        Narrow with { Version = DeepLabVersion.V3 },
        Narrow with { Version = DeepLabVersion.V3, Depth = 50, OutputStride = 8, SeparableConvolutions = true },
        Narrow with { Backbone = DeepLabBackbone.ClipResNet, Depth = 50 },
        Narrow with { Backbone = DeepLabBackbone.ClipResNet, Depth = 50, OutputStride = 8, Version = DeepLabVersion.V3 });

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Call_ImagesOfOddSizes_YieldsLogitsOfTheImagesSize(DeepLabOptions options)
    {
        using var model = DeepLab.Create(options);
        model.eval();
        using var untracked = no_grad();
        foreach (var (height, width) in new[] { (64, 64), (65, 97), (33, 40) })
        {
            using var input = randn(1, 3, height, width);
            using var output = model.call(input);
            output.shape.Should().Equal(1, 5, height, width);
            output.isfinite().all().ToBoolean().Should().BeTrue();
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Call_OnAnyInput_RunsEveryModuleThroughCallOnce(DeepLabOptions options)
    {
        using var model = DeepLab.Create(options);
        var fired = model.CountCalls();
        using var input = randn(2, 3, 33, 40);
        model.call(input).Dispose();
        fired.Should().Contain(pair => pair.Key == "backbone").And.Contain(pair => pair.Key.EndsWith(".relu1", StringComparison.Ordinal));
        fired.Values.Should().AllBeEquivalentTo(1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Backward_OfATrainingStep_ReachesEveryParameterAndLowersTheLoss(DeepLabOptions options)
    {
        using var model = DeepLab.Create(options with { Dropout = 0 }).to(ScalarType.Float64);
        using var generator = new Generator(1);
        // Four images: batch norm makes of two values for a channel ±1 whatever they are, so that nothing before it would learn.
        using var input = randn([4, 3, 65, 65], ScalarType.Float64, generator: generator);
        using var target = randint(0, 5, new long[] { 4, 65, 65 }, ScalarType.Int64, generator: generator);
        model.ShouldDescend(() => nn.functional.cross_entropy(model.call(input), target));
    }

    [Fact]
    public void Call_OnOneImageInTraining_SaysWhatToDo()
    {
        using var model = DeepLab.Create(Narrow);
        using var input = randn(1, 3, 64, 64);
        LiveTensors.ShouldNotGrow(() => model.Invoking(network => network.call(input)).Should().Throw<InvalidOperationException>().WithMessage("*batch of one*2 or more*"));
        ((BatchNorm2d)model.named_modules().Single(pair => pair.name == "classifier.aspp.convs.4.2").module).eval();
        model.call(input).Dispose();
    }

    [Fact]
    public void Create_Weights_AreFanOutInTheBackboneAndFanInInTheHead()
    {
        using var model = DeepLab.Create(Narrow with { Width = 16, HeadChannels = 32, SeparableConvolutions = true, Seed = 3 });
        foreach (var (name, parameter) in model.named_parameters().Where(pair => pair.parameter.dim() == 4))
        {
            var fan = name.StartsWith("backbone", StringComparison.Ordinal) ? parameter.numel() / parameter.shape[1] : parameter.numel() / parameter.shape[0];
            parameter.ShouldBeNormal(Math.Sqrt(2.0 / fan), name);
        }

        model.get_parameter("classifier.classifier.6.bias")!.ShouldBeUniform(1 / Math.Sqrt(32), "bias");
    }

    [Fact]
    public void Create_SameSeed_GivesTheSameWeightsAndLeavesTheGlobalState()
    {
        manual_seed(7);
        using var expected = rand(4);
        manual_seed(7);
        using var first = DeepLab.Create(Narrow);
        using var found = rand(4);
        using var second = DeepLab.Create(Narrow);
        using var other = DeepLab.Create(Narrow with { Seed = 6 });
        found.Floats().Should().Equal(expected.Floats());
        Weights(first).Should().Equal(Weights(second));
        Weights(first).Should().NotEqual(Weights(other));
    }

    public static TheoryData<DeepLabOptions, string> BadOptions => new()
    {
        { new() { Version = (DeepLabVersion)9 }, "*version*" },
        { new() { Backbone = (DeepLabBackbone)9 }, "*backbone*" },
        { new() { Depth = 20 }, "*18, 34, 50, 101 or 152*" },
        { new() { Depth = 101, Backbone = DeepLabBackbone.ClipResNet }, "*depth of 50*" },
        { new() { Width = 3, Backbone = DeepLabBackbone.ClipResNet }, "*even*" },
        { new() { Width = 0 }, "*Width*" },
        { new() { Classes = 0 }, "*Classes*" },
        { new() { InputChannels = 0 }, "*InputChannels*" },
        { new() { OutputStride = 32 }, "*8 or 16*" },
        { new() { DecoderConvolutions = 0 }, "*DecoderConvolutions*" },
        { new() { HeadChannels = 0 }, "*HeadChannels*" },
        { new() { LowLevelChannels = 0 }, "*LowLevelChannels*" },
        { new() { Dropout = 1 }, "*[0, 1)*" },
        { new() { Dropout = double.NaN }, "*[0, 1)*" },
        { new() { Stem = (ResNetStem)9 }, "*stem*" },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Create_OptionsOutsideTheirRange_AreRefusedBeforeAnyTensorIsMade(DeepLabOptions options, string message)
    {
        var before = LiveTensors.Count;
        FluentActions.Invoking(() => DeepLab.Create(options)).Should().Throw<ArgumentException>().WithMessage(message);
        LiveTensors.Count.Should().Be(before);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Create_ForwardBackwardAndDispose_LeavesNoTensors(DeepLabOptions options) => LiveTensors.ShouldNotGrow(() =>
    {
        using var model = DeepLab.Create(options);
        using var input = randn(2, 3, 32, 32);
        using var output = model.call(input);
        using var loss = output.sum();
        loss.backward();
    }, biasedConvolutions: 1);

    [Fact]
    public void Create_InsideADisposeScope_OutlivesIt()
    {
        DeepLab model;
        using (NewDisposeScope())
            model = DeepLab.Create(Narrow);
        using var input = randn(2, 3, 32, 32);
        model.call(input).Dispose();
        model.Dispose();
    }

    [Theory]
    [InlineData(DeepLabVersion.V3, DeepLabBackbone.ResNet, "DeepLabV3 on ResNet-50: ")]
    [InlineData(DeepLabVersion.V3Plus, DeepLabBackbone.ClipResNet, "DeepLabV3+ on CLIP ResNet-50: ")]
    public void ToString_OfANetwork_NamesItAndCountsParametersAndFlops(DeepLabVersion version, DeepLabBackbone backbone, string name)
    {
        using var model = DeepLab.Create(Narrow with { Version = version, Backbone = backbone, Depth = 50 });
        var text = model.ToString();
        text.Should().StartWith(name).And.Contain("3 x 256 x 256").And.Contain("backbone.layer4.2.conv3").And.Contain("convs.4.1");
        // The last layer: 5 classes of 8 channels at 16 × 16 in V3, 64 × 64 in V3+; a multiply-add counts as two.
        text.Should().MatchRegex(version == DeepLabVersion.V3 ? @"classifier\.4 +Conv2d +5 x 16 x 16 +45 +20,480\n" : @"classifier\.classifier\.6 +Conv2d +5 x 64 x 64 +45 +327,680\n");
        model.training.Should().BeTrue();
    }

    private static float[] Weights(DeepLab model) => [.. model.parameters().SelectMany(parameter => parameter.Floats())];
}
