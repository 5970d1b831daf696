using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class ActivationTests
{
    private static readonly double[] Points = [-4, -1, -0.5, 0, 0.5, 2, 7];

    public static TheoryData<string, Func<bool, nn.Module<Tensor, Tensor>>, Func<double, double>> InPlace => new()
    {
        { "ReLU", inplace => nn.ReLU(inplace), x => Math.Max(x, 0) },
        { "ReLU6", inplace => nn.ReLU6(inplace), x => Math.Clamp(x, 0, 6) },
        { "LeakyReLU", inplace => nn.LeakyReLU(0.1, inplace), x => x > 0 ? x : 0.1 * x },
        { "CELU", inplace => nn.CELU(2, inplace), x => Math.Max(x, 0) + Math.Min(0, 2 * (Math.Exp(x / 2) - 1)) },
        { "SELU", inplace => nn.SELU(inplace), x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.Exp(x) - 1)) },
        { "SiLU", inplace => nn.SiLU(inplace), x => x / (1 + Math.Exp(-x)) },
        { "Mish", inplace => nn.Mish(inplace), x => x * Math.Tanh(Math.Log(1 + Math.Exp(x))) },
        { "Hardswish", inplace => nn.Hardswish(inplace), x => x * Math.Clamp(x + 3, 0, 6) / 6 },
        { "Hardsigmoid", inplace => nn.Hardsigmoid(inplace), x => Math.Clamp(x + 3, 0, 6) / 6 },
        { "Sigmoid", inplace => nn.Sigmoid(inplace), x => 1 / (1 + Math.Exp(-x)) },
        { "Tanh", inplace => nn.Tanh(inplace), Math.Tanh },
    };

    [Theory]
    [MemberData(nameof(InPlace))]
    public void Activation_InPlaceOrNot_EqualsItsFormula(string name, Func<bool, nn.Module<Tensor, Tensor>> create, Func<double, double> formula)
    {
        var expected = Points.Select(formula).ToArray();
        using var x = tensor(Points);
        using var plain = create(false);
        using var writing = create(true);

        plain.call(x).data<double>().ToArray().Should().Equal(expected, Close, name);
        x.data<double>().ToArray().Should().Equal(Points);
        writing.GetType().GetProperty("inplace")!.GetValue(writing).Should().Be(true);

        using var y = writing.call(x);

        y.Should().NotBeSameAs(x);
        x.data<double>().ToArray().Should().Equal(expected, Close, name);
    }

    [Fact]
    public void ELU_NotInPlace_EqualsItsFormula() =>
        nn.ELU(2).call(tensor(Points)).data<double>().ToArray().Should().Equal(Points.Select(x => x > 0 ? x : 2 * (Math.Exp(x) - 1)), Close);

    [Fact]
    public void Hardtanh_InPlace_Clamps() =>
        nn.Hardtanh(-2, 3, inplace: true).call(tensor(Points)).data<double>().ToArray().Should().Equal(Points.Select(x => Math.Clamp(x, -2, 3)), Close);

    [Fact]
    public void Inplace_SetLater_CountsAtTheNextForward()
    {
        using var relu = nn.ReLU(inplace: true);
        using var x = tensor(new[] { -1f, 2 });
        relu.inplace = false;

        relu.call(x);

        x.Floats().Should().Equal(-1, 2);
    }

    [Fact]
    public void GELU_Exact_EqualsTheErrorFunction()
    {
        using var gelu = nn.GELU();

        // x Φ(x) at -1, 0, 1; Φ(1) = 0.841344746068543.
        gelu.call(tensor(new[] { -1.0, 0, 1 })).data<double>().ToArray().Should().Equal([-0.158655253931457, 0, 0.841344746068543], Close);
    }

    [Fact]
    public void Softplus_BetaAndThreshold_TurnLinear()
    {
        using var softplus = nn.Softplus(beta: 2, threshold: 4);

        softplus.call(tensor(new[] { -1.0, 3 })).data<double>().ToArray().Should().Equal([Math.Log(1 + Math.Exp(-2)) / 2, 3], Close);
        (softplus.beta, softplus.threshold).Should().Be((2, 4));
    }

    [Fact]
    public void SoftmaxAndLogSoftmax_TwoClasses_AreTheLogistic()
    {
        var x = tensor(new[] { 0.0, 1 }, [1, 2]);
        var p = 1 / (1 + Math.Exp(-1));

        nn.Softmax(1).call(x).data<double>().ToArray().Should().Equal([1 - p, p], Close);
        nn.LogSoftmax(1).call(x).data<double>().ToArray().Should().Equal([Math.Log(1 - p), Math.Log(p)], Close);
        nn.Softmax(1).dim.Should().Be(1);
    }

    [Fact]
    public void PReLU_Channels_HaveTheirOwnSlope()
    {
        using var prelu = nn.PReLU(2);
        prelu.weight.Floats().Should().Equal(0.25f, 0.25f);
        prelu.load_state_dict(new() { ["weight"] = tensor(new[] { 0.5f, 2 }) });

        prelu.call(tensor(new[] { -1f, -1 }, [1, 2])).Floats().Should().Equal(-0.5f, -2);
        (prelu.num_parameters, prelu.init).Should().Be((2, 0.25));
    }

    private static bool Close(double actual, double expected) => Math.Abs(actual - expected) <= 1e-12 * Math.Max(1, Math.Abs(expected));
}
