using System.Runtime.InteropServices;

using TorchSharp.Subset.Tests.Modules;

using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace TorchSharp.Subset.Tests.Functional;

public class FunctionalTests
{
    [Fact]
    public void Conv2d_AgainstLoops_AgreesForStridePaddingDilationAndGroups()
    {
        manual_seed(1);
        var x = randn([2, 4, 7, 6], ScalarType.Float64);
        var w = randn([6, 2, 3, 2], ScalarType.Float64);
        var b = randn([6], ScalarType.Float64);

        var y = conv2d(x, w, b, [2, 1], [1, 0], [1, 2], 2);

        y.shape.Should().Equal(2, 6, 4, 4);
        var (inputs, weights, biases) = (x.data<double>().ToArray(), w.data<double>().ToArray(), b.data<double>().ToArray());
        var expected = from n in Enumerable.Range(0, 2) from o in Enumerable.Range(0, 6) from i in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 4)
                       select biases[o] + (from c in Enumerable.Range(0, 2) from k in Enumerable.Range(0, 3) from l in Enumerable.Range(0, 2)
                                           let row = (2 * i) + k - 1 let column = j + (2 * l) where row is >= 0 and < 7
                                           select weights[(((((o * 2) + c) * 3) + k) * 2) + l] * inputs[((((n * 4) + (o / 3 * 2) + c) * 7) + row) * 6 + column]).Sum();
        y.data<double>().ToArray().Should().Equal(expected, (a, e) => Math.Abs(a - e) < 1e-12);
    }

    [Fact]
    public void Conv1dAnd3d_Defaults_AreStrideOneWithoutPadding()
    {
        conv1d(arange(4.0f).view(1, 1, 4), ones(1, 1, 2)).Floats().Should().Equal(1, 3, 5);
        conv1d(arange(4.0f).view(1, 1, 4), ones(1, 1, 2), stride: 2, padding: 1).Floats().Should().Equal(0, 3, 3);
        conv3d(ones([1, 1, 2, 2, 2]), ones([1, 1, 2, 2, 2])).Floats().Should().Equal(8);
        conv2d_padding(ones(1, 1, 3, 3), ones(1, 1, 3, 3), padding: Padding.Same).Floats().Should().Equal(4, 6, 4, 6, 9, 6, 4, 6, 4);
        conv_transpose1d(ones(1, 1, 2), ones(1, 1, 2), stride: 2).Floats().Should().Equal(1, 1, 1, 1);
        conv_transpose2d(ones(1, 1, 1, 1), ones(1, 1, 2, 2), output_padding: [0, 0]).Floats().Should().Equal(1, 1, 1, 1);
        conv_transpose3d(ones([1, 1, 1, 1, 1]), ones([1, 1, 1, 1, 2])).Floats().Should().Equal(1, 1);
    }

    [Fact]
    public void Linear_EmptyBatch_HasNoRows()
    {
        linear(zeros(0, 3), ones(2, 3), ones(2)).shape.Should().Equal(0, 2);
        conv2d(zeros(0, 1, 3, 3), ones(2, 1, 3, 3)).shape.Should().Equal(0, 2, 1, 1);
    }

    [Fact]
    public void BatchNorm_Training_UpdatesTheGivenStatistics()
    {
        var (mean, variance) = (zeros(1), ones(1));

        using var y = batch_norm(tensor(new[] { 0f, 2, 4, 6 }, [4, 1]), mean, variance, training: true, momentum: 0.5, eps: 0);

        mean.ShouldBeClose(1e-6f, 1.5f);
        variance.ShouldBeClose(1e-5f, 0.5f + (10f / 3));
        batch_norm(ones(1, 1), zeros(1), ones(1) * 4, ones(1) * 6, ones(1), eps: 0).ShouldBeClose(1e-6f, 4);
    }

    [Fact]
    public void GroupLayerAndInstanceNorm_WithoutParameters_Standardize()
    {
        var x = tensor(new[] { 0f, 2, 10, 30 }, [1, 2, 2]);

        group_norm(x, 2, eps: 0).ShouldBeClose(1e-6f, -1, 1, -1, 1);
        layer_norm(x, [2], eps: 0).ShouldBeClose(1e-6f, -1, 1, -1, 1);
        instance_norm(x, eps: 0).ShouldBeClose(1e-6f, -1, 1, -1, 1);
        group_norm(x, 2, ones(2) * 3, ones(2), 0).ShouldBeClose(1e-5f, -2, 4, -2, 4);
    }

    [Fact]
    public void Relu_InPlace_WritesAndReturnsAnotherHandle()
    {
        using var x = tensor(new[] { -1f, 2 });

        using var y = relu(x, inplace: true);

        y.Should().NotBeSameAs(x);
        x.Floats().Should().Equal(0, 2);
    }

    [Fact]
    public void Pools_AllOverloads_Agree()
    {
        var x = arange(16.0f).view(1, 1, 4, 4);

        max_pool2d(x, 2).Floats().Should().Equal(5, 7, 13, 15);
        max_pool2d(x, (2, 2)).Floats().Should().Equal(5, 7, 13, 15);
        max_pool2d(x, [2L, 2]).Floats().Should().Equal(5, 7, 13, 15);
        max_pool2d_with_indices(x, [2L, 2]).indices.Longs().Should().Equal(5, 7, 13, 15);
        max_pool1d_with_indices(arange(4.0f).view(1, 1, 4), 2).output.Floats().Should().Equal(1, 3);
        max_pool3d_with_indices(arange(8.0f).view(1, 1, 2, 2, 2), [2L, 2, 2]).indices.Longs().Should().Equal(7);
        avg_pool2d(x, 2).Floats().Should().Equal(2.5f, 4.5f, 10.5f, 12.5f);
        avg_pool2d(x, (2, 2)).Floats().Should().Equal(2.5f, 4.5f, 10.5f, 12.5f);
        avg_pool2d(x, [2L, 2]).Floats().Should().Equal(2.5f, 4.5f, 10.5f, 12.5f);
        adaptive_avg_pool2d(x, 1).Floats().Should().Equal(7.5f);
        adaptive_max_pool2d(x, [1L, 1]).Floats().Should().Equal(15);
    }

    [Fact]
    public void Pad_Modes_ExtendTheEdges()
    {
        var x = tensor(new[] { 1f, 2, 3 }, [1, 1, 3]);

        pad(x, (1, 2), value: 9).Floats().Should().Equal(9, 1, 2, 3, 9, 9);
        pad(x, (2, 1), PaddingModes.Reflect).Floats().Should().Equal(3, 2, 1, 2, 3, 2);
        pad(x, (1, 1), PaddingModes.Replicate).Floats().Should().Equal(1, 1, 2, 3, 3);
        pad(x, (1, 1), PaddingModes.Circular).Floats().Should().Equal(3, 1, 2, 3, 1);
        pad(ones(1, 1), new long[] { 0, 1, 1, 0 }).Floats().Should().Equal(0, 0, 1, 0);
    }

    [Fact]
    public void Interpolate_Modes_Resize()
    {
        var x = arange(4.0f).view(1, 1, 2, 2);

        interpolate(x, [4, 4]).shape.Should().Equal(1, 1, 4, 4);
        interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Bilinear).shape.Should().Equal(1, 1, 4, 4);
        interpolate(x, [1, 1], mode: InterpolationMode.Area).Floats().Should().Equal(1.5f);
        interpolate(x, [2, 3], mode: InterpolationMode.Bilinear, align_corners: true).ShouldBeClose(1e-6f, 0, 0.5f, 1, 2, 2.5f, 3);
        interpolate(arange(2.0f).view(1, 1, 2), [4], mode: InterpolationMode.Linear, align_corners: true).ShouldBeClose(1e-6f, 0, 1f / 3, 2f / 3, 1);
    }

    [Fact]
    public void OneHot_Labels_AreRows()
    {
        one_hot(tensor(new[] { 1L, 0 }), 3).Longs().Should().Equal(0, 1, 0, 1, 0, 0);
        one_hot(tensor(new[] { 1L, 0 })).shape.Should().Equal(2, 2);
    }

    [Fact]
    public void Losses_Functional_EqualTheirFormulas()
    {
        cross_entropy(zeros(1, 4), tensor(new[] { 2L })).ShouldBeClose(1e-6f, MathF.Log(4));
        nll_loss(tensor(new[] { -1f, -2 }, [1, 2]), tensor(new[] { 1L })).ShouldBeClose(1e-6f, 2);
        mse_loss(ones(2), zeros(2), nn.Reduction.None).Floats().Should().Equal(1, 1);
        l1_loss(ones(2) * -3, zeros(2)).ShouldBeClose(1e-6f, 3);
    }

    [Fact]
    public void Conv2d_WrongShapes_ThrowsFromLibtorch()
    {
        this.Invoking(_ => conv2d(ones(1, 2, 3, 3), ones(1, 1, 3, 3))).Should().Throw<ExternalException>();
    }
}
