using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

public sealed class CifarResNetTests
{
    [Theory]
    // He et al. 2016, table 6: 0.27M, 0.46M, 0.66M, 0.85M, 1.7M with zero padding. Exactly, with n blocks a stage: 432 + 650 + 32 in stem and
    // classifier; 9·2n·c² weights a stage, less 9·c²/2 in the first layer of the second and third; 2·2n·c in norms. For c = 16, 32, 64 that is 97,216 n − 21,926.
    [InlineData(20, CifarShortcut.ZeroPadding, 269_722)]
    [InlineData(32, CifarShortcut.ZeroPadding, 464_154)]
    [InlineData(44, CifarShortcut.ZeroPadding, 658_586)]
    [InlineData(56, CifarShortcut.ZeroPadding, 853_018)]
    [InlineData(110, CifarShortcut.ZeroPadding, 1_727_962)]
    // 16·32 + 32·64 weights and 2·(32 + 64) norm parameters more.
    [InlineData(20, CifarShortcut.Projection, 269_722 + 2_752)]
    [InlineData(110, CifarShortcut.Projection, 1_727_962 + 2_752)]
    public void Create_PublishedDepths_HavePublishedParameterCounts(int depth, CifarShortcut shortcut, long expected)
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = depth, Shortcut = shortcut });
        model.parameters().Sum(parameter => parameter.numel()).Should().Be(expected);
    }

    [Fact]
    public void Create_ResNet20WithProjections_Has270896PrunableWeights()
    {
        using var model = CifarResNet.Create();
        model.modules().Sum(module => module switch
        {
            Convolution convolution => convolution.weight.numel(),
            Linear linear => linear.weight.numel(),
            _ => 0,
        }).Should().Be(270_896);
    }

    [Fact]
    public void StateDict_ZeroPadding_HasTheKeysOfThePublishedWeights()
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Shortcut = CifarShortcut.ZeroPadding });
        var stem = Norm("bn1").Append("conv1.weight");
        var blocks = from stage in new[] { 1, 2, 3 }
                     from block in new[] { 0, 1, 2 }
                     from key in new[] { "conv1.weight", "conv2.weight" }.Concat(Norm("bn1")).Concat(Norm("bn2"))
                     select $"layer{stage}.{block}.{key}";
        model.state_dict().Keys.Should().BeEquivalentTo(stem.Concat(blocks).Append("linear.weight").Append("linear.bias"));
    }

    [Theory]
    [InlineData("shortcut", "linear")]
    [InlineData("downsample", "fc")]
    public void StateDict_Projection_NamesShortcutAndClassifierAsAsked(string shortcut, string classifier)
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { ShortcutName = shortcut, ClassifierName = classifier });
        using var plain = CifarResNet.Create(new CifarResNetOptions { Shortcut = CifarShortcut.ZeroPadding, ClassifierName = classifier });
        var added = new[] { 2, 3 }.SelectMany(stage => Norm($"layer{stage}.0.{shortcut}.1").Append($"layer{stage}.0.{shortcut}.0.weight"));
        model.state_dict().Keys.Except(plain.state_dict().Keys).Should().BeEquivalentTo(added);
        model.state_dict().Keys.Should().Contain($"{classifier}.weight").And.Contain($"{classifier}.bias");
    }

    [Fact]
    public void Parameters_OfANetwork_ComeInPyTorchsOrder()
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = 8 });
        model.named_parameters().Select(pair => pair.name).Should().StartWith(["conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight"])
            .And.ContainInOrder("layer1.0.bn2.bias", "layer2.0.conv1.weight", "layer2.0.shortcut.0.weight", "layer2.0.shortcut.1.weight", "layer3.0.conv1.weight", "linear.weight", "linear.bias");
    }

    [Theory]
    [InlineData(28, 28, 1, CifarShortcut.ZeroPadding)]
    [InlineData(28, 28, 1, CifarShortcut.Projection)]
    [InlineData(32, 32, 3, CifarShortcut.ZeroPadding)]
    [InlineData(33, 47, 3, CifarShortcut.ZeroPadding)]
    [InlineData(33, 47, 3, CifarShortcut.Projection)]
    [InlineData(64, 64, 3, CifarShortcut.Projection)]
    public void Call_ImagesOfAnySize_YieldsLogits(int height, int width, int channels, CifarShortcut shortcut)
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = 8, InputChannels = channels, Classes = 7, Shortcut = shortcut });
        using var input = randn(2, channels, height, width);
        using var output = model.call(input);
        output.shape.Should().Equal(2, 7);
        output.isfinite().all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Call_OnAnyInput_RunsEveryLeafModuleThroughCall()
    {
        using var model = CifarResNet.Create();
        var leaves = model.named_modules().Where(pair => !pair.module.children().Any()).ToList();
        var fired = new Dictionary<string, int>();
        foreach (var (name, module) in model.named_modules())
            ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, _) => { fired[name] = fired.GetValueOrDefault(name) + 1; return null!; });
        using var input = randn(1, 3, 32, 32);
        model.call(input).Dispose();
        leaves.Where(pair => pair.module is ReLU).Should().HaveCount(19);
        fired.Keys.Should().BeEquivalentTo(model.named_modules().Select(pair => pair.name));
        fired.Values.Should().AllBeEquivalentTo(1);
    }

    [Fact]
    public void Call_ZeroPadding_PassesEverySecondPixelAndZeroChannels()
    {
        // With both norm scales of the block 0, its output is relu(shortcut): the stage's input, every second pixel, channels 2, 2…3 of 2 + 2 + 2 filled.
        using var shortcut = new Blocks.ZeroPaddingShortcut(3);
        using var input = arange(2 * 3 * 3, ScalarType.Float32).reshape(1, 2, 3, 3);
        using var output = shortcut.call(input);
        output.shape.Should().Equal(1, 5, 2, 2);
        output.Floats().Should().Equal(
            0, 0, 0, 0,
            0, 2, 6, 8,
            9, 11, 15, 17,
            0, 0, 0, 0,
            0, 0, 0, 0);
    }

    [Fact]
    public void Create_SameSeed_GivesTheSameWeightsWhateverTheGlobalState()
    {
        var options = new CifarResNetOptions { Depth = 8, Seed = 5 };
        manual_seed(1);
        using var first = CifarResNet.Create(options);
        manual_seed(2);
        using var second = CifarResNet.Create(options);
        using var other = CifarResNet.Create(options with { Seed = 6 });
        Weights(first).Should().Equal(Weights(second));
        Weights(first).Should().NotEqual(Weights(other));
    }

    [Fact]
    public void Create_WithASeed_LeavesTheGlobalRandomState()
    {
        manual_seed(7);
        using var expected = rand(4);
        manual_seed(7);
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = 8, Seed = -1 });
        using var found = rand(4);
        found.Floats().Should().Equal(expected.Floats());
    }

    [Fact]
    public void Create_WithoutASeed_FollowsTheGlobalRandomState()
    {
        var options = new CifarResNetOptions { Depth = 8 };
        manual_seed(7);
        using var first = CifarResNet.Create(options);
        using var next = CifarResNet.Create(options);
        manual_seed(7);
        using var again = CifarResNet.Create(options);
        Weights(first).Should().Equal(Weights(again));
        Weights(first).Should().NotEqual(Weights(next));
    }

    [Fact]
    public void Create_Weights_AreKaimingNormalWithFanIn()
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Seed = 3 });
        foreach (var (name, parameter) in model.named_parameters().Where(pair => pair.parameter.dim() == 4 && pair.parameter.numel() > 4000))
        {
            var weights = parameter.Floats();
            var deviation = Math.Sqrt(2.0 / (weights.Length / parameter.shape[0]));
            // The standard error of a deviation is σ/√(2n), of a mean σ/√n, of the kurtosis √(24/n): four of each.
            Math.Sqrt(weights.Average(w => (double)w * w)).Should().BeApproximately(deviation, 4 * deviation / Math.Sqrt(2 * weights.Length), name);
            weights.Average().Should().BeApproximately(0, (float)(4 * deviation / Math.Sqrt(weights.Length)), name);
            weights.Average(w => Math.Pow(w / deviation, 4)).Should().BeApproximately(3, 6 * Math.Sqrt(24.0 / weights.Length), name);
        }
    }

    [Theory]
    [InlineData(0), InlineData(2), InlineData(18), InlineData(21), InlineData(-4)]
    public void Create_DepthThatIsNot6nPlus2_IsRefused(int depth) =>
        FluentActions.Invoking(() => CifarResNet.Create(new CifarResNetOptions { Depth = depth })).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*6n + 2*");

    public static TheoryData<CifarResNetOptions> BadOptions => new(
        new CifarResNetOptions { Classes = 0 },
        new CifarResNetOptions { InputChannels = 0 },
        new CifarResNetOptions { Width = 0 },
        new CifarResNetOptions { Shortcut = (CifarShortcut)9 },
        new CifarResNetOptions { ClassifierName = "" },
        new CifarResNetOptions { ClassifierName = "a.b" },
        new CifarResNetOptions { ClassifierName = "layer1" },
        new CifarResNetOptions { ShortcutName = "conv1" });

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Create_OptionsOutsideTheirRange_AreRefusedBeforeAnyTensorIsMade(CifarResNetOptions options)
    {
        var before = LiveTensors.Count;
        FluentActions.Invoking(() => CifarResNet.Create(options)).Should().Throw<ArgumentException>();
        LiveTensors.Count.Should().Be(before);
    }

    [Fact]
    public void Create_ForwardBackwardAndDispose_LeavesNoTensors() => LiveTensors.ShouldNotGrow(() =>
    {
        using var model = CifarResNet.Create(new CifarResNetOptions { Depth = 8, Seed = 1, Shortcut = CifarShortcut.ZeroPadding });
        using var input = randn(2, 3, 32, 32);
        using var output = model.call(input);
        using var loss = output.sum();
        loss.backward();
    });

    [Fact]
    public void Create_InsideADisposeScope_OutlivesIt()
    {
        CifarResNet model;
        using (NewDisposeScope())
            model = CifarResNet.Create(new CifarResNetOptions { Depth = 8, Seed = 1 });
        using var input = randn(1, 3, 32, 32);
        model.call(input).Dispose();
        model.Dispose();
    }

    private static IEnumerable<string> Norm(string name) =>
        new[] { "weight", "bias", "running_mean", "running_var", "num_batches_tracked" }.Select(key => $"{name}.{key}");

    private static float[] Weights(CifarResNet model) => [.. model.parameters().SelectMany(parameter => parameter.Floats())];
}
