using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Data;

/// <summary>Targets that mean cross-entropy does not fit are refused, with the option that helps; those that it fits are not.</summary>
public sealed class ClassTargetsTests : LeakCheckedTests
{
    public static TheoryData<string, int, Func<Tensor>, string> Misfits => new()
    {
        { "numbers to regress on", 1, () => randn(6, 1), "*single class*" },
        { "class 0 of one output", 1, () => zeros(6, int64), "*single class*" },
        { "a number for each of two outputs", 2, () => randn(6, 2).abs() + 2, "*sum to*instead of 1*" },
        { "several labels of a sample", 3, () => tensor(new float[,] { { 1, 1, 0 }, { 0, 1, 0 }, { 1, 0, 1 }, { 0, 0, 1 }, { 1, 0, 0 }, { 0, 1, 0 } }), "*sum to 2 over the 3 classes*" },
        { "no label of a sample", 3, () => eye(3).repeat(2, 1) * tensor(new float[,] { { 1 }, { 1 }, { 0 }, { 1 }, { 1 }, { 1 } }), "*sum to 0 over*" },
        { "negative values", 3, () => full(6, 3, 1f) * tensor(new float[] { -1, 1, 1 }), "*hold -1*no probability*" },
        { "NaN", 3, () => full(6, 3, float.NaN), "*" },
        { "truth values", 2, () => zeros(6, ScalarType.Bool), "*Bool*class indices*" },
        { "maps of several labels", 3, () => ones(6, 3), "*sum to 3*" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Score_DefaultLossOnTargetsThatItDoesNotFit_IsRefusedWithTheOptionThatHelps(string what, int outputs, Func<Tensor> target, string message)
    {
        using var model = Linear(5, outputs);
        var before = ModelState.Of(model);
        var data = (Samples.Normal(6, [5]).Input, target());
        foreach (IPruner pruner in new IPruner[] { new SnipPruner(), new GraspPruner(), new ProsPrPruner() })
        {
            var act = () => pruner.Prune(model, [data], 0.5, new PruningOptions { Data = DataBudget.All });

            act.Should().Throw<ArgumentException>(what).WithMessage(message).WithMessage("*PruningOptions.Loss*");
            ModelState.Of(model).ShouldEqual(before);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Score_SoftTargetsOfAnyType_AreAccepted(ScalarType dtype)
    {
        using var model = Linear(5, 200);
        var smooth = functional.softmax(randn(6, 200), 1).to(dtype);

        using var scores = new SnipPruner().Score(model, [(Samples.Normal(6, [5]).Input, smooth)], options: new PruningOptions { Data = DataBudget.All });

        scores["weight"].max().ToDouble().Should().BePositive();
    }

    [Fact]
    public void Score_RegressionWithALossOfItsOwn_IsTheSlopeOfThatLoss()
    {
        using var model = Linear(5, 1).to(float64);
        var (input, target) = (Samples.Normal(6, [5], dtype: ScalarType.Float64).Input, randn(6, 1, float64));

        using var scores = new SnipPruner().Score(model, [(input, target)], options: new PruningOptions
        {
            Data = DataBudget.All, Loss = (output, wanted) => functional.mse_loss(output, wanted),
        });

        // L = mean (w·x + b − y)²:  ∂L/∂wᵢ = 2 mean((w·x + b − y) xᵢ)
        using var noGrad = no_grad();
        var expected = (model.get_parameter("weight")! * 2 * ((model.call(input) - target) * input).mean([0])).abs();
        scores["weight"].allclose(expected, 1e-12, 0).Should().BeTrue();
    }
}
