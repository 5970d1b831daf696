using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class DataTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void Item_OfAnotherType_Throws()
    {
        tensor(1.5).item<double>().Should().Be(1.5);
        ((Action)(() => tensor(1.5).item<float>())).Should().Throw<ArgumentException>();
        ((Action)(() => ones(2).item<float>())).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Conversions_OfOneElement_Convert()
    {
        tensor(1.5f).ToDouble().Should().Be(1.5);
        tensor(1.5f).ToInt32().Should().Be(1);
        tensor(-2).ToInt64().Should().Be(-2);
        tensor(2).ToBoolean().Should().BeTrue();
        ((double)tensor(3)).Should().Be(3);
        ((float)tensor(0.5)).Should().Be(0.5f);
        ((long)tensor(7f)).Should().Be(7);
        ((bool)tensor(0)).Should().BeFalse();
        tensor(2.5).ToScalar().ToDouble().Should().Be(2.5);
        ((Action)(() => ones(2).ToSingle())).Should().Throw<ExternalException>();
    }

    [SubsetFact]
    public void ToInt64_OfNotANumber_ThrowsWhereTheRealOneAborts() =>
        ((Action)(() => tensor(double.NaN).ToInt64())).Should().Throw<ExternalException>();

    [Fact]
    public void Data_OfATransposedTensor_IsInLogicalOrder()
    {
        var t = arange(6).reshape(2, 3).t();
        var data = t.data<long>();
        data.ToArray().Should().Equal(0, 3, 1, 4, 2, 5);
        data.Should().Equal(0, 3, 1, 4, 2, 5);
        data.Count.Should().Be(6);
        data[2, 1].Should().Be(5);
        data[1, 0] = 9;
        t[1, 0].item<long>().Should().Be(9);
    }

    [Fact]
    public void Data_Copied_StopsAtTheShorterEnd()
    {
        var target = new long[4];
        arange(6).data<long>().CopyTo(target, 1, 2);
        target.Should().Equal(0, 2, 3, 4);
        var x = zeros(3);
        x.data<float>().CopyFrom(new float[] { 1, 2 });
        x.data<float>().ToArray().Should().Equal(1, 2, 0);
    }

    [Fact]
    public void Data_OfAnotherType_Throws() =>
        ((Action)(() => tensor(1.5).data<float>())).Should().Throw<ArgumentException>();

    [Fact]
    public void Data_OfEveryType_IsThere()
    {
        tensor(new[] { true, false }).data<bool>().ToArray().Should().Equal(true, false);
        tensor(new byte[] { 1, 255 }).data<byte>().ToArray().Should().Equal(1, 255);
        tensor(new sbyte[] { -1 }).data<sbyte>().ToArray().Should().Equal(-1);
        tensor(new short[] { -1 }).data<short>().ToArray().Should().Equal(-1);
        tensor(new[] { -1 }).data<int>().ToArray().Should().Equal(-1);
        tensor(new[] { 1.5 }).half().data<Half>().ToArray().Should().Equal((Half)1.5);
    }

    [Fact]
    public void Bytes_OfATensor_AreItsMemory()
    {
        var x = zeros(2);
        MemoryMarshal.Cast<byte, float>(x.bytes)[1] = 5;
        x[1].item<float>().Should().Be(5);
        x.bytes = MemoryMarshal.AsBytes(new float[] { 7, 8 }.AsSpan());
        x.data<float>().ToArray().Should().Equal(7, 8);
        ((Action)(() => _ = ones(2, 3).t().bytes.Length)).Should().Throw<InvalidOperationException>();
        ((Action)(() => x.bytes = new byte[3])).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void To_TheSameType_IsAnotherObjectOnTheSameMemory()
    {
        var x = zeros(2);
        var same = x.to(float32);
        same.Should().NotBeSameAs(x);
        same.fill_(3);
        x[0].item<float>().Should().Be(3);
        x.to(float32, copy: true).fill_(9);
        x[0].item<float>().Should().Be(3);
        x.contiguous().fill_(4);
        x.cpu().add_(1);
        x[0].item<float>().Should().Be(5);
    }

    [Fact]
    public void To_AnotherType_Converts()
    {
        var x = tensor(new[] { 1.75, -1.75 });
        x.to(float32).dtype.Should().Be(ScalarType.Float32);
        x.@long().data<long>().ToArray().Should().Equal(1, -1);
        x.@bool().data<bool>().ToArray().Should().Equal(true, true);
        x.to(float16, CPU).dtype.Should().Be(ScalarType.Float16);
        x.to(ones(1, dtype: bfloat16)).dtype.Should().Be(ScalarType.BFloat16);
        x.type_as(ones(1)).dtype.Should().Be(ScalarType.Float32);
        x.to(float32, disposeAfter: true);
        x.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void Alias_OfATensor_IsTheSameTensor()
    {
        var x = ones(2, requires_grad: true);
        var alias = x.alias();
        alias.Should().NotBeSameAs(x);
        alias.is_leaf.Should().BeTrue();
        alias.grad = ones(2);
        x.grad.Should().NotBeNull();
    }

    [Fact]
    public void Equals_OfTwoTensors_ComparesShapesAndValues()
    {
        ones(2).Equals(ones(2)).Should().BeTrue();
        ones(2).Equals(ones(2, dtype: float64)).Should().BeTrue();
        ones(2).Equals(ones(3)).Should().BeFalse();
        ones(2).Equals(zeros(2)).Should().BeFalse();
        ones(2).Equals((object)"two").Should().BeFalse();
        tensor(double.NaN).Equals(tensor(double.NaN)).Should().BeFalse();
        ones(2).allclose(ones(2) + 1e-7).Should().BeTrue();
    }

    [Fact]
    public void ToString_ByDefault_SaysShapeTypeAndDevice()
    {
        ones(2, 3).ToString().Should().Be("[2x3], type = Float32, device = cpu");
        tensor(1.5).ToString().Should().Be("[], type = Float64, device = cpu");
        ones(2).ToString(TorchSharp.TensorStringStyle.CSharp).Should().Contain("1");
    }
}
