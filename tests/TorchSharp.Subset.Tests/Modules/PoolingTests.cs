using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class PoolingTests
{
    // 0 … 15 as [1, 1, 4, 4].
    private static Tensor Square => arange(16.0f).view(1, 1, 4, 4);

    [Fact]
    public void MaxPool2d_Windows_TakeTheLargestAndItsPlace()
    {
        using var pool = nn.MaxPool2d(2);

        pool.call(Square).Floats().Should().Equal(5, 7, 13, 15);
        var (values, indices) = pool.forward_with_indices(Square);
        values.Floats().Should().Equal(5, 7, 13, 15);
        indices.Longs().Should().Equal(5, 7, 13, 15);
        pool.kernel_size.Should().Equal(2, 2);
        pool.ceil_mode.Should().BeFalse();
    }

    [Fact]
    public void MaxPool2d_StridePaddingDilationCeil_ChangeTheWindows()
    {
        nn.MaxPool2d(3, stride: 2, padding: 1).call(Square).Floats().Should().Equal(5, 7, 13, 15);
        nn.MaxPool2d(2, stride: 1, dilation: 2).call(Square).Floats().Should().Equal(10, 11, 14, 15);
        nn.MaxPool2d(3, stride: 2, ceil_mode: true).call(Square).shape.Should().Equal(1, 1, 2, 2);
        nn.MaxPool2d((1, 2), stride: (1, 2)).call(Square).shape.Should().Equal(1, 1, 4, 2);
        nn.MaxPool2d([1L, 4], [1L, 1]).call(Square).Floats().Should().Equal(3, 7, 11, 15);
    }

    [Fact]
    public void MaxPool1dAnd3d_Windows_TakeTheLargest()
    {
        nn.MaxPool1d(2, stride: 1).call(arange(4.0f).view(1, 1, 4)).Floats().Should().Equal(1, 2, 3);
        nn.MaxPool3d(2).call(arange(8.0f).view(1, 1, 2, 2, 2)).Floats().Should().Equal(7);
        nn.MaxPool3d((1, 2, 2)).call(arange(8.0f).view(1, 1, 2, 2, 2)).Floats().Should().Equal(3, 7);
    }

    [Fact]
    public void AvgPool_Windows_TakeTheMean()
    {
        nn.AvgPool2d(2).call(Square).Floats().Should().Equal(2.5f, 4.5f, 10.5f, 12.5f);
        nn.AvgPool2d(2, divisor_override: 1).call(Square).Floats().Should().Equal(10, 18, 42, 50);
        nn.AvgPool2d((4, 1), stride: (1, 1)).call(Square).Floats().Should().Equal(6, 7, 8, 9);
        nn.AvgPool1d(2, padding: 1, count_include_pad: false).call(ones(1, 1, 2)).Floats().Should().Equal(1, 1);
        nn.AvgPool1d(2, padding: 1).call(ones(1, 1, 2)).Floats().Should().Equal(0.5f, 0.5f);
        nn.AvgPool3d(2).call(arange(8.0f).view(1, 1, 2, 2, 2)).Floats().Should().Equal(3.5f);
    }

    [Fact]
    public void AdaptivePools_OfAnySize_CoverTheInput()
    {
        nn.AdaptiveAvgPool2d(1).call(Square).Floats().Should().Equal(7.5f);
        nn.AdaptiveAvgPool2d((2, 1)).call(Square).Floats().Should().Equal(3.5f, 11.5f);
        nn.AdaptiveAvgPool2d([1L, 2]).call(Square).Floats().Should().Equal(6.5f, 8.5f);
        nn.AdaptiveAvgPool1d(2).call(arange(4.0f).view(1, 1, 4)).Floats().Should().Equal(0.5f, 2.5f);
        nn.AdaptiveAvgPool3d(1).call(ones([1, 1, 2, 2, 2])).Floats().Should().Equal(1);
        nn.AdaptiveMaxPool1d(2).call(arange(4.0f).view(1, 1, 4)).Floats().Should().Equal(1, 3);
        nn.AdaptiveMaxPool2d([2L, 1]).call(Square).Floats().Should().Equal(7, 15);
        nn.AdaptiveMaxPool2d([1L, 1]).forward_with_indices(Square).indices.Longs().Should().Equal(15);
    }
}
