using TorchSharp.Subset.Tests.Modules;

using static TorchSharp.torch;
using static TorchSharp.torch.nn.init;

namespace TorchSharp.Subset.Tests.Functional;

public class InitTests
{
    [Fact]
    public void CalculateGain_Nonlinearities_AreTheRecommendedOnes()
    {
        calculate_gain(NonlinearityType.Linear).Should().Be(1);
        calculate_gain(NonlinearityType.Sigmoid).Should().Be(1);
        calculate_gain(NonlinearityType.Tanh).Should().Be(5.0 / 3);
        calculate_gain(NonlinearityType.ReLU).Should().Be(Math.Sqrt(2));
        calculate_gain(NonlinearityType.LeakyReLU, 0.3).Should().BeApproximately(Math.Sqrt(2 / 1.09), 1e-15);
    }

    [Fact]
    public void CalculateFanInAndFanOut_Convolution_CountsTheReceptiveField()
    {
        CalculateFanInAndFanOut(ones(2, 3, 4, 5)).Should().Be((60, 40));
        this.Invoking(_ => CalculateFanInAndFanOut(ones(2))).Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData(FanInOut.FanIn, 50)]
    [InlineData(FanInOut.FanOut, 200)]
    public void KaimingNormal_ManyWeights_HaveTheDeviationOfTheirFan(FanInOut mode, int fan)
    {
        manual_seed(3);

        var filled = kaiming_normal_(zeros(200, 50), mode: mode, nonlinearity: NonlinearityType.ReLU);

        Deviation(filled).Should().BeApproximately(MathF.Sqrt(2f / fan), 0.03f * MathF.Sqrt(2f / fan));
    }

    [Fact]
    public void UniformInits_ManyWeights_FillTheirBound()
    {
        manual_seed(3);
        var kaiming = kaiming_uniform_(zeros(200, 50), Math.Sqrt(5)).Floats();
        var xavier = xavier_uniform_(zeros(200, 50), 2).Floats();

        kaiming.Max(MathF.Abs).Should().BeInRange(0.99f / MathF.Sqrt(50), 1 / MathF.Sqrt(50));
        xavier.Max(MathF.Abs).Should().BeInRange(0.99f * 2 * MathF.Sqrt(6f / 250), 2 * MathF.Sqrt(6f / 250));
        Deviation(xavier_normal_(zeros(200, 50))).Should().BeApproximately(MathF.Sqrt(2f / 250), 0.003f);
    }

    [Fact]
    public void Fills_OnAParameter_LeaveNoTraceInAutograd()
    {
        using var parameter = zeros(2, 2).AsParameter();

        constant_(parameter, 3).Floats().Should().Equal(3, 3, 3, 3);
        ones_(parameter).Floats().Should().Equal(1, 1, 1, 1);
        zeros_(parameter).Floats().Should().Equal(0, 0, 0, 0);
        normal_(parameter, 5, 0).Floats().Should().Equal(5, 5, 5, 5);
        uniform_(parameter, 2, 2.5).Floats().Should().OnlyContain(value => value >= 2 && value <= 2.5f);
        parameter.requires_grad.Should().BeTrue();
        parameter.is_leaf.Should().BeTrue();
    }

    private static float Deviation(Tensor tensor)
    {
        var values = tensor.Floats();
        return MathF.Sqrt(values.Sum(value => value * value) / values.Length);
    }
}
