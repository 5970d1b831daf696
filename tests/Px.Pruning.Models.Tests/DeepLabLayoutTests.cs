using Px.Pruning.Models.Blocks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>What options make of the network: names, shapes, dilations.</summary>
public sealed class DeepLabLayoutTests
{
    private static readonly DeepLabOptions Narrow = new() { Depth = 18, Width = 4, HeadChannels = 8, LowLevelChannels = 6, Classes = 5, OutputStride = 16, Seed = 1 };

    [Fact]
    public void StateDict_OfTheBackbone_HasThatNetworksKeysAndShapes()
    {
        using var resnet = ResNet.Create(new ResNetOptions { Depth = 101, Width = 4 });
        using var deepLab = DeepLab.Create(Narrow with { Depth = 101 });
        Backbone(deepLab).Should().BeEquivalentTo(Shapes(resnet).Where(key => !key.StartsWith("fc.", StringComparison.Ordinal)));
        using var clip = ClipResNet.Create(new ClipResNetOptions { Width = 4 });
        using var clipDeepLab = DeepLab.Create(Narrow with { Depth = 50, Backbone = DeepLabBackbone.ClipResNet });
        Backbone(clipDeepLab).Should().BeEquivalentTo(Shapes(clip).Where(key => !key.StartsWith("attnpool.", StringComparison.Ordinal)));

        static IEnumerable<string> Shapes(nn.Module model) => model.state_dict().Select(pair => $"{pair.Key} {string.Join('x', pair.Value.shape)}");

        static IEnumerable<string> Backbone(nn.Module model) => Shapes(model).Where(key => key.StartsWith("backbone.", StringComparison.Ordinal)).Select(key => key["backbone.".Length..]);
    }

    [Theory]
    // The plain 3×3 convolutions of the pyramid (3) and of V3's head (1) or V3+'s decoder (1 or 2).
    [InlineData(DeepLabVersion.V3, 2, 4)]
    [InlineData(DeepLabVersion.V3Plus, 1, 4)]
    [InlineData(DeepLabVersion.V3Plus, 2, 5)]
    public void SeparableConvolutions_OfAHead_ReplaceEvery3x3(DeepLabVersion version, int decoder, int count)
    {
        using var plain = DeepLab.Create(Narrow with { Version = version, DecoderConvolutions = decoder });
        using var separable = DeepLab.Create(Narrow with { Version = version, DecoderConvolutions = decoder, SeparableConvolutions = true });
        var replaced = plain.named_parameters().Where(pair => pair.name.StartsWith("classifier", StringComparison.Ordinal) && pair.parameter.dim() == 4 && pair.parameter.shape[2] == 3).ToList();
        replaced.Should().HaveCount(count);
        var added = separable.named_parameters().Where(pair => pair.name.Contains(".body.", StringComparison.Ordinal)).ToDictionary(pair => pair.name, pair => pair.parameter.shape);
        added.Should().HaveCount(2 * count);
        foreach (var (name, parameter) in replaced)
        {
            var (outputs, inputs) = (parameter.shape[0], parameter.shape[1]);
            var stem = name[..^".weight".Length];
            added[$"{stem}.body.0.weight"].Should().Equal(inputs, 1, 3, 3);
            added[$"{stem}.body.1.weight"].Should().Equal(outputs, inputs, 1, 1);
        }
    }

    [Theory]
    [InlineData(8, 12, 24, 36)]
    [InlineData(16, 6, 12, 18)]
    public void OutputStride_OfANetwork_SetsTheRatesOfThePyramid(int outputStride, params int[] rates)
    {
        foreach (var separable in new[] { false, true })
        {
            using var model = DeepLab.Create(Narrow with { OutputStride = outputStride, SeparableConvolutions = separable });
            var convolutions = model.named_modules().ToDictionary(pair => pair.name, pair => pair.module);
            for (var i = 0; i < 3; i++)
                ((Conv2d)convolutions[$"classifier.aspp.convs.{i + 1}.0{(separable ? ".body.0" : "")}"]).dilation.Should().Equal(rates[i], rates[i]);
        }
    }

    [Theory]
    // As in torchvision's ResNets: a stage that gives up its stride doubles the dilation behind its first block.
    [InlineData(16, "1 1 1 1 1 1", "1 2 2", 5)]
    [InlineData(8, "1 2 2 2 2 2", "2 4 4", 10)]
    public void OutputStride_OnClipsBackbone_TurnsPoolsIntoDilation(int outputStride, string third, string fourth, int size)
    {
        using var backbone = Backbone.OfClip(inputChannels: 3, width: 4, outputStride);
        var modules = backbone.named_modules().ToList();
        Dilations("layer2").Should().Be("1 1 1 1");
        Dilations("layer3").Should().Be(third);
        Dilations("layer4").Should().Be(fourth);
        modules.Where(pair => pair.module is AvgPool2d pool && pool.kernel_size[0] > 1).Select(pair => pair.name.Split('.')[0]).Distinct()
            .Should().Equal(outputStride == 16 ? ["avgpool", "layer2", "layer3"] : ["avgpool", "layer2"]);
        using var input = randn(1, 3, 80, 80);
        var (low, high) = backbone.call(input);
        using (low)
        using (high)
        {
            low.shape.Should().Equal(1, 16, 20, 20);
            high.shape.Should().Equal(1, 128, size, size);
        }

        string Dilations(string stage) => string.Join(' ', modules.Where(pair => pair.name.StartsWith(stage, StringComparison.Ordinal) && pair.name.EndsWith(".conv2", StringComparison.Ordinal))
            .Select(pair => ((Conv2d)pair.module).dilation[0]));
    }

    [Theory]
    [InlineData(DeepLabVersion.V3, null, 0.5)]
    [InlineData(DeepLabVersion.V3Plus, null, 0.1)]
    [InlineData(DeepLabVersion.V3Plus, 0.25, 0.25)]
    public void Dropout_OfANetwork_IsTheUsualOneUnlessGiven(DeepLabVersion version, double? given, double expected)
    {
        using var model = DeepLab.Create(Narrow with { Version = version, Dropout = given });
        model.modules().OfType<Dropout>().Should().ContainSingle().Which.p.Should().Be(expected);
    }
}
