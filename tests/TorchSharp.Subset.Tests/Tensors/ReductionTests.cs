using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class ReductionTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();
    private readonly Tensor x = arange(6.0).reshape(2, 3); // 0 1 2 / 3 4 5

    public void Dispose() => temporaries.Dispose();

    private static float[] Values(Tensor tensor) => tensor.to(float32).data<float>().ToArray();

    [Fact]
    public void Sum_AlongDimensions_Sums()
    {
        x.sum().ToDouble().Should().Be(15);
        Values(x.sum(dim: 0)).Should().Equal(3, 5, 7);
        x.sum(dim: 0, keepdim: true).shape.Should().Equal(1, 3);
        Values(x.sum(new long[] { 0, 1 })).Should().Equal(15);
        x.sum(type: float64).dtype.Should().Be(ScalarType.Float64);
        ones(3, dtype: @bool).sum().item<long>().Should().Be(3);
        torch.sum(x, 1).shape.Should().Equal(2);
    }

    [Fact]
    public void MeanVarStd_OfARow_AreTheTextbooks()
    {
        x.mean().ToDouble().Should().Be(2.5);
        Values(x.mean(new long[] { 1 })).Should().Equal(1, 4);
        Values(x.var(1)).Should().Equal(1, 1);
        x.var(new long[] { 0, 1 }, unbiased: false, keepdim: false).ToDouble().Should().BeApproximately(35.0 / 12, 1e-6); // (n² − 1) / 12
        x.var().ToDouble().Should().BeApproximately(3.5, 1e-6);
        x.std(new long[] { 0, 1 }, unbiased: true).ToDouble().Should().BeApproximately(Math.Sqrt(3.5), 1e-6);
        ((Action)(() => ones(2, dtype: int64).mean())).Should().Throw<ExternalException>();
    }

    [Fact]
    public void Sum_WithALiteralZero_TakesItForAnElementType()
    {
        x.sum(0).dtype.Should().Be(ScalarType.Byte); // C# prefers sum(ScalarType?) for the literal: write dim: 0
        x.sum(1).shape.Should().Equal(2);
    }

    [SubsetFact]
    public void Var_WithArgumentsThatTheRealOneIgnores_Throws()
    {
        ((Action)(() => x.var(unbiased: false))).Should().Throw<NotSupportedException>();
        ((Action)(() => x.std(1, type: float64))).Should().Throw<NotSupportedException>();
    }

    [Fact]
    public void MaxMin_WithAndWithoutADimension_FindValuesAndPlaces()
    {
        x.max().ToDouble().Should().Be(5);
        var (values, indexes) = x.max(1);
        Values(values).Should().Equal(2, 5);
        indexes.data<long>().ToArray().Should().Equal(2, 2);
        Values(x.min(0).values).Should().Equal(0, 1, 2);
        Values(x.amax(new long[] { 0 })).Should().Equal(3, 4, 5);
        Values(torch.maximum(x, full_like(x, 2.5))).Should().Equal(2.5f, 2.5f, 2.5f, 3, 4, 5);
        x.argmax().item<long>().Should().Be(5);
        x.argmin(1, keepdim: true).shape.Should().Equal(2, 1);
    }

    [Fact]
    public void AnyAllCount_OfAMask_Count()
    {
        var mask = x > 3;
        mask.any().ToBoolean().Should().BeTrue();
        mask.all().ToBoolean().Should().BeFalse();
        mask.all(1).data<bool>().ToArray().Should().Equal(false, false);
        x.count_nonzero().item<long>().Should().Be(5);
        x.count_nonzero(new long[] { 1 }).data<long>().ToArray().Should().Equal(2, 3);
    }

    [Fact]
    public void Norms_OfAVector_AreTheTextbooks()
    {
        var v = tensor(new[] { 3.0, -4.0 });
        v.norm().ToDouble().Should().Be(5);
        v.norm(1f).ToDouble().Should().Be(7);
        linalg.vector_norm(v, double.PositiveInfinity).ToDouble().Should().Be(4);
        linalg.norm(v).ToDouble().Should().Be(5);
        x.prod().ToDouble().Should().Be(0);
        Values(x.cumsum(1)).Should().Equal(0, 1, 3, 3, 7, 12);
    }

    [Fact]
    public void Orders_OfSmallTensors_AreRight()
    {
        var v = tensor(new float[] { 3, 1, 2, 1 });
        var (sorted, places) = v.sort(descending: false, stable: true);
        Values(sorted).Should().Equal(1, 1, 2, 3);
        places.data<long>().ToArray().Should().Equal(1, 3, 2, 0);
        Values(v.sort(0, true).Values).Should().Equal(3, 2, 1, 1);
        argsort(tensor(new float[] { 3, 1, 2 })).data<long>().ToArray().Should().Equal(1, 2, 0);
        var (top, _) = torch.topk(v, 2);
        Values(top).Should().Equal(3, 2);
        Values(v.topk(2, largest: false).values).Should().Equal(1, 1);
        kthvalue(v, 3, null).values.ToSingle().Should().Be(2);
        v.kthvalue(1, 0).values.ToSingle().Should().Be(1);
        median(v).ToSingle().Should().Be(1);
        quantile(v, tensor(0.5f)).ToSingle().Should().Be(1.5f);
    }
}
