using System.Text.Json;
using Px.Pruning.Models.Tests.Support;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests;

/// <summary>CLIP's image encoder against a script of the published network: <c>Reference/clip_resnet50.py</c>.</summary>
public sealed class ClipReferenceTests
{
    private static readonly JsonElement Reference = ReferenceAnswers.Read("clip_resnet50.json");

    [Theory]
    [InlineData(ClipPooling.Attention, "attention")]
    [InlineData(ClipPooling.Average, "average")]
    public void Call_OnTheFormulasWeights_AnswersAsTheScript(ClipPooling pooling, string answer)
    {
        using var scope = NewDisposeScope();
        using var untracked = no_grad();
        var expected = Reference.GetProperty("narrow");
        var options = JsonSerializer.Deserialize<ClipResNetOptions>(expected)! with { Pooling = pooling };
        using var model = ClipResNet.Create(options);
        FormulaWeights.Fill(model);
        model.eval();
        model.call(FormulaWeights.Input(2, 3, options.InputResolution, options.InputResolution)).ShouldAnswer(expected.GetProperty(answer));
    }

    [Fact]
    public void StateDict_WithAttention_HasThePublishedKeys()
    {
        var expected = Reference.GetProperty("narrow");
        using var model = ClipResNet.Create(JsonSerializer.Deserialize<ClipResNetOptions>(expected)!);
        model.state_dict().ShouldHaveShapes(expected.GetProperty("keys"));
    }

    [Fact]
    public void Create_Defaults_HavePublishedParameterCount()
    {
        using var model = ClipResNet.Create();
        model.parameters().Sum(parameter => parameter.numel()).Should().Be(38_316_896).And.Be(Reference.GetProperty("published").GetProperty("parameters").GetInt64());
        model.state_dict().Values.Count(tensor => tensor.is_floating_point()).Should().Be(Reference.GetProperty("published").GetProperty("tensors").GetInt32());
    }
}
