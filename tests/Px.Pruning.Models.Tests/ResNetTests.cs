using Px.Pruning.Models.Blocks;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>What does not need torchvision's answers; TorchvisionTests has those.</summary>
public sealed class ResNetTests
{
    /// <summary>Four channels instead of 64, so that a test takes milliseconds.</summary>
    private static readonly ResNetOptions Narrow = new() { Depth = 50, Width = 4, Classes = 5, Seed = 1 };

    private static readonly ResNetOptions NarrowBasic = Narrow with { Depth = 18 };

    [Theory]
    [InlineData(18, ResNetStem.SevenBySeven, 17)] // stem, 2 a block
    [InlineData(34, ResNetStem.ThreeByThree, 33)]
    [InlineData(50, ResNetStem.SevenBySeven, 49)] // stem, 3 a block
    [InlineData(101, ResNetStem.ThreeByThree, 100)]
    [InlineData(152, ResNetStem.SevenBySeven, 151)]
    public void Call_OnAnyInput_RunsEveryModuleThroughCallOnce(int depth, ResNetStem stem, int relus)
    {
        using var model = ResNet.Create(Narrow with { Depth = depth, Stem = stem });
        var fired = new Dictionary<string, int>();
        foreach (var (name, module) in model.named_modules())
            ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, _) => { fired[name] = fired.GetValueOrDefault(name) + 1; return null!; });
        using var input = randn(2, 3, 33, 40);
        using var output = model.call(input);
        output.shape.Should().Equal(2, 5);
        model.modules().OfType<ReLU>().Should().HaveCount(relus);
        fired.Keys.Should().BeEquivalentTo(model.named_modules().Select(pair => pair.name));
        fired.Values.Should().AllBeEquivalentTo(1);
    }

    [Fact]
    public void Call_WithAHookThatReturnsItsInput_Works()
    {
        using var model = ResNet.Create(NarrowBasic);
        using var input = randn(1, 3, 32, 32);
        model.eval();
        using var expected = model.call(input);
        foreach (var relu in model.modules().OfType<ReLU>())
            relu.register_forward_pre_hook((_, x) => x);
        foreach (var norm in model.modules().OfType<BatchNorm2d>())
            norm.register_forward_hook((_, _, y) => y);
        using var found = model.call(input);
        found.Floats().Should().Equal(expected.Floats());
    }

    [Theory]
    [InlineData(ResNetStem.SevenBySeven, 32, 2)]
    [InlineData(ResNetStem.SevenBySeven, 16, 4)]
    [InlineData(ResNetStem.SevenBySeven, 8, 8)]
    [InlineData(ResNetStem.ThreeByThree, 32, 8)]
    [InlineData(ResNetStem.ThreeByThree, 8, 32)]
    public void Call_AnyStride_MakesFeatureMapsOfThatSize(ResNetStem stem, int outputStride, int size)
    {
        using var backbone = Backbone.Of(Narrow with { Stem = stem, OutputStride = outputStride });
        using var input = randn(1, 3, 64, 64);
        var (low, high) = backbone.call(input);
        using (low)
        using (high)
        {
            low.shape.Should().Equal(1, 16, stem == ResNetStem.SevenBySeven ? 16 : 64, stem == ResNetStem.SevenBySeven ? 16 : 64);
            high.shape.Should().Equal(1, 128, size, size);
            (backbone.LowLevelChannels, backbone.HighChannels).Should().Be((16, 128));
        }
    }

    [Theory]
    [InlineData(18, 16), InlineData(18, 8), InlineData(50, 16), InlineData(50, 8)]
    public void Call_DilatedInsteadOfStrided_ComputesTheSameAtEveryStridedPixel(int depth, int outputStride)
    {
        // "À trous": a convolution behind a stride of s reads pixels that were s apart. Dilated by s it reads the same without the stride, and more between them.
        var options = Narrow with { Depth = depth };
        using var scope = NewDisposeScope();
        using var untracked = no_grad();
        var strided = Backbone.Of(options);
        var dilated = Backbone.Of(options with { OutputStride = outputStride });
        ResNet.Initialize(strided, WeightInitialization.FanOut, null);
        dilated.load_state_dict(strided.state_dict());
        strided.eval();
        dilated.eval();
        var input = randn(1, 3, 65, 97);
        var (_, coarse) = strided.call(input);
        var (_, fine) = dilated.call(input);
        var step = 32 / outputStride;
        var picked = fine.slice(2, 0, long.MaxValue, step).slice(3, 0, long.MaxValue, step);
        picked.shape.Should().Equal(coarse.shape);
        var scale = coarse.abs().max().ToSingle();
        scale.Should().BePositive();
        (picked - coarse).abs().max().ToSingle().Should().BeLessThan(1e-5f * scale);
    }

    [Theory]
    [InlineData(18), InlineData(50)]
    public void Create_ZeroInitResidual_MakesEveryBlockItsShortcut(int depth)
    {
        var options = Narrow with { Depth = depth, ZeroInitResidual = true };
        using var model = ResNet.Create(options);
        using var plain = ResNet.Create(options with { ZeroInitResidual = false });
        var last = depth == 18 ? ".bn2" : ".bn3";
        foreach (var (name, module) in model.named_modules())
        {
            if (module is BatchNorm2d norm)
                norm.weight.Floats().Should().AllBeEquivalentTo(name.EndsWith(last, StringComparison.Ordinal) ? 0f : 1f, name);
        }

        // Nothing else differs.
        Others(model).Should().Equal(Others(plain));
        using var input = rand(1, 4 * (depth == 18 ? 1 : 4), 8, 8);
        using var output = ((Sequential)model.named_children().Single(child => child.name == "layer1").module)[1].call(input);
        output.Floats().Should().Equal(input.Floats(), "relu(0 + x) = x for x ≥ 0");
        IEnumerable<float> Others(ResNet network) => network.named_parameters().Where(pair => pair.parameter.dim() > 1).SelectMany(pair => pair.parameter.Floats());
    }

    [Theory]
    [InlineData(18), InlineData(50)]
    public void Backward_OfATrainingStep_ReachesEveryParameterAndLowersTheLoss(int depth)
    {
        using var model = ResNet.Create(Narrow with { Depth = depth, Stem = ResNetStem.ThreeByThree }).to(ScalarType.Float64);
        using var generator = new Generator(1);
        using var input = randn([8, 3, 32, 32], ScalarType.Float64, generator: generator);
        using var target = arange(8, ScalarType.Int64).remainder(5);
        model.ShouldDescend(() => nn.functional.cross_entropy(model.call(input), target));
    }

    [Fact]
    public void Create_FanOut_DrawsAsTorchvision()
    {
        using var model = ResNet.Create(new ResNetOptions { Depth = 18, Seed = 3 });
        foreach (var (name, module) in model.named_modules())
        {
            // fan_out: out · k · k, whatever the inputs.
            if (module is Convolution convolution)
                convolution.weight.ShouldBeNormal(Math.Sqrt(2.0 / (convolution.weight.numel() / convolution.weight.shape[1])), name);
            else if (module is Linear linear)
                linear.weight.ShouldBeUniform(1 / Math.Sqrt(512), name);
        }
    }

    [Fact]
    public void Create_FanIn_DrawsAsThePruningPapers()
    {
        using var model = ResNet.Create(new ResNetOptions { Depth = 18, Seed = 3, Initialization = WeightInitialization.FanIn });
        foreach (var (name, parameter) in model.named_parameters().Where(pair => pair.parameter.dim() > 1))
            parameter.ShouldBeNormal(Math.Sqrt(2.0 / (parameter.numel() / parameter.shape[0])), name);
    }

    [Fact]
    public void Create_SameSeed_GivesTheSameWeightsAndLeavesTheGlobalState()
    {
        manual_seed(7);
        using var expected = rand(4);
        manual_seed(7);
        using var first = ResNet.Create(Narrow);
        using var found = rand(4);
        using var second = ResNet.Create(Narrow);
        using var other = ResNet.Create(Narrow with { Seed = 6 });
        found.Floats().Should().Equal(expected.Floats());
        Weights(first).Should().Equal(Weights(second));
        Weights(first).Should().NotEqual(Weights(other));
    }

    [Fact]
    public void Create_WithoutASeed_FollowsTheGlobalRandomState()
    {
        manual_seed(7);
        using var first = ResNet.Create(NarrowBasic with { Seed = null });
        using var next = ResNet.Create(NarrowBasic with { Seed = null });
        manual_seed(7);
        using var again = ResNet.Create(NarrowBasic with { Seed = null });
        Weights(first).Should().Equal(Weights(again));
        Weights(first).Should().NotEqual(Weights(next));
    }

    public static TheoryData<ResNetOptions, string> BadOptions => new()
    {
        { new() { Depth = 20 }, "*18, 34, 50, 101 or 152*" },
        { new() { Classes = 0 }, "*Classes*" },
        { new() { InputChannels = 0 }, "*InputChannels*" },
        { new() { Width = 0 }, "*Width*" },
        { new() { Groups = 0 }, "*Groups*" },
        { new() { WidthPerGroup = 0 }, "*WidthPerGroup*" },
        { new() { Width = 15, WidthPerGroup = 4 }, "*at least 5*" },
        { new() { Depth = 34, Groups = 2 }, "*basic blocks*" },
        { new() { Depth = 18, WidthPerGroup = 128 }, "*basic blocks*" },
        { new() { OutputStride = 4 }, "*8, 16 or 32*" },
        { new() { Stem = (ResNetStem)9 }, "*stem*" },
        { new() { Initialization = (WeightInitialization)9 }, "*initialisation*" },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Create_OptionsOutsideTheirRange_AreRefusedBeforeAnyTensorIsMade(ResNetOptions options, string message)
    {
        var before = LiveTensors.Count;
        FluentActions.Invoking(() => ResNet.Create(options)).Should().Throw<ArgumentException>().WithMessage(message);
        LiveTensors.Count.Should().Be(before);
    }

    [Theory]
    [InlineData(18), InlineData(50)]
    public void Create_ForwardBackwardAndDispose_LeavesNoTensors(int depth) => LiveTensors.ShouldNotGrow(() =>
    {
        using var model = ResNet.Create(Narrow with { Depth = depth, ZeroInitResidual = true });
        using var input = randn(2, 3, 32, 32);
        using var output = model.call(input);
        using var loss = output.sum();
        loss.backward();
    });

    [Fact]
    public void Call_ThatFailsHalfway_LeavesNoTensors()
    {
        using var model = ResNet.Create(Narrow);
        model.modules().OfType<ReLU>().Last().register_forward_hook((_, _, _) => throw new InvalidOperationException("stop"));
        using var input = randn(2, 3, 32, 32);
        LiveTensors.ShouldNotGrow(() => model.Invoking(network => network.call(input)).Should().Throw<InvalidOperationException>());
    }

    [Fact]
    public void Create_InsideADisposeScope_OutlivesIt()
    {
        ResNet model;
        using (NewDisposeScope())
            model = ResNet.Create(Narrow);
        using var input = randn(2, 3, 32, 32);
        model.call(input).Dispose();
        model.Dispose();
    }

    private static float[] Weights(ResNet model) => [.. model.parameters().SelectMany(parameter => parameter.Floats())];
}
