using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Tensors;

public sealed class FactoryTests : IDisposable
{
    private readonly DisposeScope temporaries = NewDisposeScope();

    public void Dispose() => temporaries.Dispose();

    [Fact]
    public void Factories_WithoutAType_MakeFloat32()
    {
        foreach (var made in new[] { zeros(2, 3), ones(2, 3), empty(2, 3), rand(2, 3), randn(2, 3), eye(2, 3), linspace(0, 1, 6).reshape(2, 3), full(2, 3, 1.5) })
        {
            made.dtype.Should().Be(ScalarType.Float32);
            made.shape.Should().Equal(2, 3);
            made.device_type.Should().Be(DeviceType.CPU);
            made.requires_grad.Should().BeFalse();
        }
    }

    [Fact]
    public void Factories_FromIntegers_MakeInt64()
    {
        foreach (var made in new[] { arange(3), arange(0, 6, 2), randint(5, new long[] { 3 }), randint(1, 5, new long[] { 3 }), randperm(3), full(3, 7) })
        {
            made.dtype.Should().Be(ScalarType.Int64);
            made.shape.Should().Equal(3);
        }
    }

    [Fact]
    public void Zeros_WithEverythingSaid_IsAllOfIt()
    {
        var made = zeros(new long[] { 2, 0 }, dtype: float64, device: CPU, requires_grad: true);
        made.dtype.Should().Be(ScalarType.Float64);
        made.numel().Should().Be(0);
        made.requires_grad.Should().BeTrue();
        made.is_leaf.Should().BeTrue();
    }

    [Fact]
    public void Arange_WithAFloatingPointNumber_MakesFloat32()
    {
        arange(3.0).dtype.Should().Be(ScalarType.Float32);
        arange(0, 1, 0.25).data<float>().ToArray().Should().Equal(0, 0.25f, 0.5f, 0.75f);
    }

    [Fact]
    public void Tensor_FromOneNumber_KeepsTheNumbersType()
    {
        tensor(1).dtype.Should().Be(ScalarType.Int32);
        tensor(1L).dtype.Should().Be(ScalarType.Int64);
        tensor(1f).dtype.Should().Be(ScalarType.Float32);
        tensor(1.0).dtype.Should().Be(ScalarType.Float64);
        tensor(true).dtype.Should().Be(ScalarType.Bool);
        tensor((byte)1).dtype.Should().Be(ScalarType.Byte);
        tensor(1.0).shape.Should().BeEmpty();
        tensor(3L, dtype: float32).item<float>().Should().Be(3);
    }

    [Fact]
    public void Tensor_FromAnArray_CopiesIt()
    {
        var values = new float[] { 1, 2, 3 };
        var made = tensor(values);
        values[0] = 9;
        made.data<float>().ToArray().Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Tensor_FromAnArrayAndAShape_IsRowMajor()
    {
        var made = tensor(new long[] { 0, 1, 2, 3, 4, 5 }, new long[] { 2, 3 });
        made[1, 0].item<long>().Should().Be(3);
        tensor(new float[] { 0, 1, 2, 3, 4, 5 }, 2, 3)[1, 2].item<float>().Should().Be(5);
        tensor(new List<double> { 1, 2 }).dtype.Should().Be(ScalarType.Float64);
    }

    [Fact]
    public void Tensor_FromAGrid_HasTheGridsShape()
    {
        var made = tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        made.shape.Should().Equal(2, 3);
        made.data<float>().ToArray().Should().Equal(1, 2, 3, 4, 5, 6);
        tensor(new bool[,,] { { { true, false } } }).shape.Should().Equal(1, 1, 2);
    }

    [Fact]
    public void Tensor_WithAnotherType_Converts()
    {
        tensor(new[] { 0, 1, 2 }, dtype: float16).dtype.Should().Be(ScalarType.Float16);
        tensor(new[] { 0f, 1 }, requires_grad: true).is_leaf.Should().BeTrue();
        var converted = tensor(new[] { 0f, 1 }, dtype: float64, requires_grad: true);
        converted.requires_grad.Should().BeTrue();
        converted.is_leaf.Should().BeFalse();
    }

    [Fact]
    public void Tensor_WithAShapeOfAnotherSize_Throws() =>
        ((Action)(() => tensor(new float[] { 1, 2, 3 }, new long[] { 2, 2 }))).Should().Throw<ArgumentException>().WithMessage("*4*3*");

    [Fact]
    public void Like_WithoutAType_TakesTheModels()
    {
        var model = ones(2, 3, dtype: float64);
        foreach (var made in new[] { zeros_like(model), ones_like(model), empty_like(model), rand_like(model), randn_like(model), full_like(model, 3), model.zeros_like() })
        {
            made.dtype.Should().Be(ScalarType.Float64);
            made.shape.Should().Equal(2, 3);
        }
        ones_like(model, dtype: int32).dtype.Should().Be(ScalarType.Int32);
    }

    [Fact]
    public void CatAndStack_OfTwo_JoinAlongAnOldAndANewDimension()
    {
        var one = ones(2, 3);
        cat(new List<Tensor> { one, one }, 1).shape.Should().Equal(2, 6);
        stack(new List<Tensor> { one, one }, 1).shape.Should().Equal(2, 2, 3);
    }

    [Fact]
    public void FInfo_OfEveryType_GivesItsLimits()
    {
        finfo(float32).eps.Should().Be(1.1920928955078125e-07);
        finfo(float32).max.Should().Be(float.MaxValue);
        finfo(float32).min.Should().Be(-float.MaxValue);
        finfo(float32).tiny.Should().Be(1.1754943508222875e-38);
        finfo(float64).eps.Should().Be(double.BitIncrement(1) - 1);
        finfo(float16).max.Should().Be(65504);
        finfo(bfloat16).max.Should().Be(3.3895313892515355e+38);
        ((Action)(() => finfo(int32))).Should().Throw<ArgumentException>();
    }
}
