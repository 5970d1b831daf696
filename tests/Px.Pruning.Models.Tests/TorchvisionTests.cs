using System.Text.Json;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>Every architecture that torchvision has, against <c>Reference/torchvision_models.py</c>.</summary>
public sealed class TorchvisionTests
{
    private static readonly JsonElement Reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", "torchvision_models.json"))).RootElement;

    // Parameter counts as torchvision's documentation of its weights has them.
    [Theory]
    [InlineData("resnet18", 18, 11_689_512)]
    [InlineData("resnet34", 34, 21_797_672)]
    [InlineData("resnet50", 50, 25_557_032)]
    [InlineData("resnet50-os16", 50, 25_557_032, 16)]
    [InlineData("resnet50-os8", 50, 25_557_032, 8)]
    [InlineData("resnet101", 101, 44_549_160)]
    [InlineData("resnet101-os16", 101, 44_549_160, 16)]
    [InlineData("resnet101-os8", 101, 44_549_160, 8)]
    [InlineData("resnet152", 152, 60_192_808)]
    [InlineData("wide_resnet50_2", 50, 68_883_240, 32, 1, 128)]
    [InlineData("wide_resnet101_2", 101, 126_886_696, 32, 1, 128)]
    [InlineData("resnext50_32x4d", 50, 25_028_904, 32, 32, 4)]
    public void ResNet_OnTheSameWeights_IsTorchvisions(string name, int depth, long parameters, int outputStride = 32, int groups = 1, int widthPerGroup = 64)
    {
        using var model = ResNet.Create(new ResNetOptions { Depth = depth, OutputStride = outputStride, Groups = groups, WidthPerGroup = widthPerGroup });
        ShouldBeTorchvisions(model, name, parameters);
    }

    [Theory]
    [InlineData("vgg11", 11, false, 132_863_336)]
    [InlineData("vgg11_bn", 11, true, 132_868_840)]
    [InlineData("vgg13", 13, false, 133_047_848)]
    [InlineData("vgg13_bn", 13, true, 133_053_736)]
    [InlineData("vgg16", 16, false, 138_357_544)]
    [InlineData("vgg16_bn", 16, true, 138_365_992)]
    [InlineData("vgg19", 19, false, 143_667_240)]
    [InlineData("vgg19_bn", 19, true, 143_678_248)]
    public void Vgg_OnTheSameWeights_IsTorchvisions(string name, int depth, bool batchNorm, long parameters)
    {
        using var model = Vgg.Create(new VggOptions { Depth = depth, BatchNorm = batchNorm });
        ShouldBeTorchvisions(model, name, parameters);
    }

    private static void ShouldBeTorchvisions(nn.Module<Tensor, Tensor> model, string name, long parameters)
    {
        using var scope = NewDisposeScope();
        using var untracked = no_grad();
        var expected = Reference.GetProperty(name);
        model.parameters().Sum(parameter => parameter.numel()).Should().Be(parameters).And.Be(expected.GetProperty("count").GetInt64());
        var keys = expected.TryGetProperty("like", out var like) ? Reference.GetProperty(like.GetString()!) : expected;
        model.named_parameters().Select(pair => Describe(pair.name, pair.parameter)).Should().Equal(Strings(keys.GetProperty("parameters")));
        model.named_buffers().Select(pair => Describe(pair.name, pair.buffer)).Should().Equal(Strings(keys.GetProperty("buffers")));
        model.state_dict().Keys.Should().HaveCount(keys.GetProperty("parameters").GetArrayLength() + keys.GetProperty("buffers").GetArrayLength());

        FormulaWeights.Fill(model);
        model.eval();
        var logits = model.call(FormulaWeights.Input(1, 3, 64, 64)).Floats();
        // float32 against float64, relative to the largest logit; torchvision's own float32 is up to 1e-6 away (float32_error), and mirroring the image changes the logits by 1e-2 or more (sensitivity).
        var scale = expected.GetProperty("scale").GetDouble();
        ((double)logits.Max(Math.Abs)).Should().BeApproximately(scale, 1e-5 * scale);
        var first = expected.GetProperty("logits").EnumerateArray().Select(value => value.GetDouble());
        first.Zip(logits, (a, b) => Math.Abs(a - b)).Should().HaveCount(10).And.OnlyContain(error => error < 1e-5 * scale);
    }

    private static IEnumerable<string> Strings(JsonElement list) => list.EnumerateArray().Select(value => value.GetString()!);

    private static string Describe(string name, Tensor tensor) => $"{name} {string.Join('x', tensor.shape)}";
}
