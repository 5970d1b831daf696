using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class LossTests
{
    private static readonly float Ln2 = MathF.Log(2);

    [Fact]
    public void CrossEntropyLoss_EvenLogits_IsTheLogOfTheClasses()
    {
        using var loss = nn.CrossEntropyLoss();

        loss.call(zeros(3, 2), tensor(new[] { 0L, 1, 1 })).ShouldBeClose(1e-6f, Ln2);
        nn.CrossEntropyLoss(reduction: nn.Reduction.Sum).call(zeros(3, 2), tensor(new[] { 0L, 1, 1 })).ShouldBeClose(1e-6f, 3 * Ln2);
        nn.CrossEntropyLoss(reduction: nn.Reduction.None).call(zeros(2, 2), tensor(new[] { 0L, 1 })).ShouldBeClose(1e-6f, Ln2, Ln2);
        nn.CrossEntropyLoss(ignore_index: 1, reduction: nn.Reduction.Sum).call(zeros(3, 2), tensor(new[] { 0L, 1, 1 })).ShouldBeClose(1e-6f, Ln2);
        nn.CrossEntropyLoss(weight: tensor(new[] { 3f, 1 }), reduction: nn.Reduction.Sum).call(zeros(2, 2), tensor(new[] { 0L, 1 })).ShouldBeClose(1e-6f, 4 * Ln2);
    }

    [Fact]
    public void CrossEntropyLoss_Smoothing_MixesTheUniform()
    {
        using var loss = new CrossEntropyLoss(label_smoothing: 0.5);
        var logits = tensor(new[] { 0f, 1 }, [1, 2]);
        var (wrong, right) = (-MathF.Log(1 - (1 / (1 + MathF.Exp(-1)))), -MathF.Log(1 / (1 + MathF.Exp(-1))));

        loss.call(logits, tensor(new[] { 1L })).ShouldBeClose(1e-6f, (0.75f * right) + (0.25f * wrong));
    }

    [Fact]
    public void MSELossAndNLLLoss_KnownValues_AreTheirFormulas()
    {
        nn.MSELoss().call(tensor(new[] { 1f, 3 }), zeros(2)).ShouldBeClose(1e-6f, 5);
        nn.MSELoss(nn.Reduction.Sum).call(tensor(new[] { 1f, 3 }), zeros(2)).ShouldBeClose(1e-6f, 10);
        nn.NLLLoss().call(tensor(new[] { -1f, -2, -3, -5 }, [2, 2]), tensor(new[] { 0L, 1 })).ShouldBeClose(1e-6f, 3);
    }
}
