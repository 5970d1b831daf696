using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class ArithmeticTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();

    public void Dispose() => temporaries.Dispose();

    private static float[] Values(Tensor tensor) => tensor.to(float32).data<float>().ToArray();

    [Fact]
    public void Operators_WithANumberOnEitherSide_Compute()
    {
        var x = tensor(new float[] { 1, 2, 4 });
        Values(x + 1).Should().Equal(2, 3, 5);
        Values(1 + x).Should().Equal(2, 3, 5);
        Values(x - 1.0).Should().Equal(0, 1, 3);
        Values(1.0 - x).Should().Equal(0, -1, -3);
        Values(x * 2f).Should().Equal(2, 4, 8);
        Values(2L * x).Should().Equal(2, 4, 8);
        Values(x / 2).Should().Equal(0.5f, 1, 2);
        Values(8 / x).Should().Equal(8, 4, 2);
        Values(x % 3).Should().Equal(1, 2, 1);
        Values(-x).Should().Equal(-1, -2, -4);
        Values(x + (Scalar)1).Should().Equal(2, 3, 5);
    }

    [Fact]
    public void Operators_WithTwoTensors_Broadcast()
    {
        var column = tensor(new float[] { 1, 2 }, new long[] { 2, 1 });
        var row = tensor(new float[] { 10, 20 });
        Values(column + row).Should().Equal(11, 21, 12, 22);
        Values(row - column).Should().Equal(9, 19, 8, 18);
        Values(column * row).Should().Equal(10, 20, 20, 40);
        Values(row / column).Should().Equal(10, 20, 5, 10);
    }

    [Fact]
    public void Numbers_BesideATensor_DoNotWidenItsType()
    {
        (ones(2, dtype: float16) * 2.0).dtype.Should().Be(ScalarType.Float16);
        (3.0 / ones(2)).dtype.Should().Be(ScalarType.Float32);
        (1 - ones(2)).dtype.Should().Be(ScalarType.Float32);
        (ones(2, dtype: int64) * 2).dtype.Should().Be(ScalarType.Int64);
        (ones(2, dtype: int64) * 2.5).dtype.Should().Be(ScalarType.Float32);
        (tensor(5) / tensor(2)).dtype.Should().Be(ScalarType.Float32);
        (ones(2) + ones(2, dtype: float64)).dtype.Should().Be(ScalarType.Float64);
    }

    [Fact]
    public void Div_WithARoundingMode_Rounds()
    {
        var x = tensor(new float[] { -7, 7 });
        Values(x.div(2)).Should().Equal(-3.5f, 3.5f);
        Values(x.div(2, RoundingMode.trunc)).Should().Equal(-3, 3);
        Values(x.div(tensor(2f), RoundingMode.floor)).Should().Equal(-4, 3);
    }

    [Fact]
    public void InPlace_Methods_ReturnTheSameObject()
    {
        var x = tensor(new float[] { 1, 4 });
        x.add_(1).Should().BeSameAs(x);
        x.mul_(tensor(2f)).Should().BeSameAs(x);
        x.sub_(2).div_(2).pow_(2).sqrt_().neg_().abs_().clamp_((Scalar)0, (Scalar)3).Should().BeSameAs(x);
        Values(x).Should().Equal(1, 3);
        x.fill_(5).Should().BeSameAs(x);
        x.zero_().Should().NotBeSameAs(x); // the one exception
        Values(x).Should().Equal(0, 0);
        x.copy_(tensor(new float[] { 8, 9 })).Should().BeSameAs(x);
        Values(x).Should().Equal(8, 9);
    }

    [Fact]
    public void Add_WithAlpha_ScalesTheOther()
    {
        Values(ones(2).add(ones(2), 3)).Should().Equal(4, 4);
        Values(ones(2).add_(ones(2), -0.5)).Should().Equal(0.5f, 0.5f);
        Values(ones(2).addcmul_(full(2, 2.0), full(2, 3.0), 10)).Should().Equal(61, 61);
        Values(ones(2).addcdiv_(full(2, 3.0), full(2, 2.0), 2)).Should().Equal(4, 4);
    }

    [Fact]
    public void Functions_OfOneTensor_HaveTheirValues()
    {
        var x = tensor(new double[] { -2, 0.25, 1 });
        x.abs().data<double>().ToArray().Should().Equal(2, 0.25, 1);
        x.sign().data<double>().ToArray().Should().Equal(-1, 1, 1);
        x.square().data<double>().ToArray().Should().Equal(4, 0.0625, 1);
        x.relu().data<double>().ToArray().Should().Equal(0, 0.25, 1);
        x.reciprocal().data<double>().ToArray().Should().Equal(-0.5, 4, 1);
        x.clamp((Scalar)(-1), (Scalar)0.5).data<double>().ToArray().Should().Equal(-1, 0.25, 0.5);
        x.exp().log().allclose(x).Should().BeTrue();
        x.tanh().data<double>().ToArray()[0].Should().BeApproximately(Math.Tanh(-2), 1e-15);
        x.sigmoid().data<double>().ToArray()[0].Should().BeApproximately(1 / (1 + Math.Exp(2)), 1e-15);
        torch.sqrt(x.square()).data<double>().ToArray().Should().Equal(2, 0.25, 1);
        x.pow(2).data<double>().ToArray().Should().Equal(4, 0.0625, 1);
        tensor(1.256).round(2).ToDouble().Should().BeApproximately(1.26, 1e-12);
        x.softmax(0).sum().ToDouble().Should().BeApproximately(1, 1e-15);
        x.log_softmax(0).exp().sum().ToDouble().Should().BeApproximately(1, 1e-15);
    }

    [Fact]
    public void Comparisons_OfTensorsAndNumbers_AreElementwise()
    {
        var x = tensor(new float[] { 1, 2, 3 });
        (x > 1).data<bool>().ToArray().Should().Equal(false, true, true);
        (x <= 2).data<bool>().ToArray().Should().Equal(true, true, false);
        (x == tensor(2f)).data<bool>().ToArray().Should().Equal(false, true, false);
        (x != 2).data<bool>().ToArray().Should().Equal(true, false, true);
        (2 < x).data<bool>().ToArray().Should().Equal(false, false, true);
        x.eq(2).logical_or(x.ge(3)).data<bool>().ToArray().Should().Equal(false, true, true);
        (~(x > 1) | (x > 2) & (x < 9)).data<bool>().ToArray().Should().Equal(true, false, true);
        x.lt(2).logical_xor(x.lt(3)).logical_not().data<bool>().ToArray().Should().Equal(true, false, true);
    }

    [Fact]
    public void NonFinite_Numbers_AreFound()
    {
        var x = tensor(new[] { 0, double.NaN, double.PositiveInfinity });
        x.isnan().data<bool>().ToArray().Should().Equal(false, true, false);
        x.isinf().data<bool>().ToArray().Should().Equal(false, false, true);
        x.isfinite().data<bool>().ToArray().Should().Equal(true, false, false);
    }

    [Fact]
    public void Add_OfShapesThatDoNotFit_ThrowsLibtorchsMessage() =>
        ((Action)(() => ones(2).add(ones(3)))).Should().Throw<ExternalException>().WithMessage("The size of tensor a (2) must match the size of tensor b (3)*");
}
