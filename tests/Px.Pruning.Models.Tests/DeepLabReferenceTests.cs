using System.Text.Json;
using Px.Pruning.Models.Tests.Support;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>DeepLabV3 against torchvision's, DeepLabV3+ against a script of the published network: <c>Reference/deeplab.py</c>.</summary>
public sealed class DeepLabReferenceTests
{
    private static readonly JsonElement Reference = ReferenceAnswers.Read("deeplab.json");

    [Theory]
    // torchvision documents 42,004,074 and 60,996,202, of which its auxiliary classifier has 1024 · 256 · 9 + 2 · 256 + 257 · 21 = 2,365,205.
    [InlineData(0, 50, 39_638_869)]
    [InlineData(1, 101, 58_630_997)]
    public void Call_V3OnTheFormulasWeights_AnswersAsTorchvision(int index, int depth, long parameters)
    {
        var expected = Reference.GetProperty("v3")[index];
        expected.GetProperty("Depth").GetInt32().Should().Be(depth);
        parameters.Should().Be(expected.GetProperty("parameters").GetInt64());
        Check(new DeepLabOptions { Version = DeepLabVersion.V3, Depth = depth }, expected, images: 1);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Call_V3PlusOnTheFormulasWeights_AnswersAsTheScript(int index)
    {
        var expected = Reference.GetProperty("v3plus")[index];
        Check(JsonSerializer.Deserialize<DeepLabOptions>(expected)!, expected, images: 2);
    }

    private static void Check(DeepLabOptions options, JsonElement expected, int images)
    {
        using var scope = NewDisposeScope();
        using var untracked = no_grad();
        using var model = DeepLab.Create(options);
        model.parameters().Sum(parameter => parameter.numel()).Should().Be(expected.GetProperty("parameters").GetInt64());
        var backbone = model.state_dict().ToLookup(pair => pair.Key.StartsWith("backbone.", StringComparison.Ordinal));
        backbone[true].Count(pair => pair.Value.is_floating_point()).Should().Be(expected.GetProperty("keys").GetProperty("backbone").GetInt32());
        backbone[false].ShouldHaveShapes(expected.GetProperty("keys").GetProperty("head"));
        FormulaWeights.Fill(model);
        model.eval();
        model.call(FormulaWeights.Input(images, 3, 65, 97)).ShouldAnswer(expected.GetProperty("output"));
    }
}
