using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class NormalizationTests
{
    private const float Tolerance = 1e-5f;

    // Mean 3, variance 5 (biased) and 20/3 (unbiased).
    private static Tensor Batch => tensor(new[] { 0f, 2, 4, 6 }, [4, 1]);

    [Fact]
    public void BatchNorm1d_Training_NormalizesByTheBatchAndTracks()
    {
        using var norm = nn.BatchNorm1d(1, eps: 0);
        var s = MathF.Sqrt(5);

        norm.call(Batch).ShouldBeClose(Tolerance, -3 / s, -1 / s, 1 / s, 3 / s);

        norm.running_mean!.ShouldBeClose(Tolerance, 0.3f);
        norm.running_var!.ShouldBeClose(Tolerance, 0.9f + (0.1f * 20 / 3));
        norm.num_batches_tracked!.item<long>().Should().Be(1);
    }

    [Fact]
    public void BatchNorm1d_Evaluating_UsesTheRunningStatistics()
    {
        using var norm = nn.BatchNorm1d(1, eps: 0);
        norm.load_state_dict(new()
        {
            ["weight"] = ones(1) * 2,
            ["bias"] = ones(1),
            ["running_mean"] = ones(1),
            ["running_var"] = ones(1) * 4,
            ["num_batches_tracked"] = tensor(5L),
        });
        norm.eval();

        norm.call(Batch).ShouldBeClose(Tolerance, 0, 2, 4, 6);
        norm.num_batches_tracked!.item<long>().Should().Be(5);
    }

    [Fact]
    public void BatchNorm1d_NoMomentum_AveragesAllBatches()
    {
        using var norm = nn.BatchNorm1d(1);
        norm.momentum = null;

        norm.call(Batch);
        norm.call(Batch + 6);

        norm.running_mean!.ShouldBeClose(Tolerance, 6);
        norm.num_batches_tracked!.item<long>().Should().Be(2);
        norm.reset_running_stats();
        norm.running_mean!.Floats().Should().Equal(0);
        norm.running_var!.Floats().Should().Equal(1);
        norm.num_batches_tracked!.item<long>().Should().Be(0);
    }

    [Fact]
    public void BatchNorm1d_WithoutStatistics_UsesTheBatchInEvalToo()
    {
        using var norm = nn.BatchNorm1d(1, eps: 0, affine: false, track_running_stats: false);
        norm.eval();
        var s = MathF.Sqrt(5);

        norm.call(Batch).ShouldBeClose(Tolerance, -3 / s, -1 / s, 1 / s, 3 / s);
        norm.state_dict().Should().BeEmpty();
        norm.weight.Should().BeNull();
        norm.running_mean.Should().BeNull();
    }

    [Theory]
    [InlineData(true, true, "weight,bias,running_mean,running_var,num_batches_tracked")]
    [InlineData(false, true, "running_mean,running_var,num_batches_tracked")]
    [InlineData(true, false, "weight,bias")]
    public void NormBase_Options_DecideItsState(bool affine, bool tracks, string keys)
    {
        using var batch = nn.BatchNorm2d(3, affine: affine, track_running_stats: tracks);
        using var instance = nn.InstanceNorm2d(3, affine: affine, track_running_stats: tracks);

        string.Join(",", batch.state_dict().Keys).Should().Be(keys);
        string.Join(",", instance.state_dict().Keys).Should().Be(keys);
        (batch.num_features, batch.affine, batch.track_running_stats, batch.momentum, batch.eps).Should().Be((3, affine, tracks, 0.1, 1e-5));
    }

    [Fact]
    public void BatchNorm_WrongDimensions_Throws()
    {
        Calling(nn.BatchNorm1d(3), 1, 3, 4, 4).Should().Throw<ArgumentException>().WithMessage("expected 2D or 3D input, but got 4D input.");
        Calling(nn.BatchNorm2d(3), 1, 3, 4).Should().Throw<ArgumentException>().WithMessage("expected 4D input, but got 3D input.");
        Calling(nn.BatchNorm3d(3), 1, 3, 4).Should().Throw<ArgumentException>();
        Calling(nn.InstanceNorm2d(3), 1, 4, 4, 4).Should().Throw<ArgumentException>().WithMessage("expected input's size at dim=1 to match num_features (3), but got: 4.");
        Calling(nn.GroupNorm(1, 3), 3).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void BatchNorm2d_SmallerTensors_RunWithStaleNumFeatures()
    {
        using var norm = nn.BatchNorm2d(3);

        norm.weight = ones(2).AsParameter();
        norm.bias = zeros(2).AsParameter();
        norm.running_mean = zeros(2);
        norm.running_var = ones(2);

        norm.call(randn(4, 2, 3, 3)).shape.Should().Equal(4, 2, 3, 3);
        norm.num_features.Should().Be(3);
    }

    [Fact]
    public void InstanceNorm_EachSampleAndChannel_IsNormalizedAloneBatchedOrNot()
    {
        using var norm = nn.InstanceNorm1d(2, eps: 0);
        var x = tensor(new[] { 0f, 2, 10, 30 }, [1, 2, 2]);

        norm.call(x).ShouldBeClose(Tolerance, -1, 1, -1, 1);
        norm.call(x.squeeze(0)).shape.Should().Equal(2, 2);
    }

    [Fact]
    public void GroupNormAndLayerNorm_OneGroup_NormalizeTheSample()
    {
        using var group = nn.GroupNorm(1, 2, eps: 0);
        group.weight = ones(2).AsParameter(); // TorchSharp leaves the weights of a new GroupNorm uninitialised
        group.bias = zeros(2).AsParameter();
        using var layer = nn.LayerNorm([2, 2], eps: 0);
        var x = tensor(new[] { 0f, 2, 4, 6 }, [1, 2, 2]);
        var s = MathF.Sqrt(5);

        group.call(x).ShouldBeClose(Tolerance, -3 / s, -1 / s, 1 / s, 3 / s);
        layer.call(x).ShouldBeClose(Tolerance, -3 / s, -1 / s, 1 / s, 3 / s);
        (group.num_groups, group.affine, group.eps).Should().Be((1, true, 0.0));
        layer.normalized_shape.Should().Equal(2, 2);
    }

    [Fact]
    public void LayerNorm_Options_DecideItsState()
    {
        nn.LayerNorm(3).state_dict().Keys.Should().Equal("weight", "bias");
        nn.LayerNorm(3, bias: false).state_dict().Keys.Should().Equal("weight");
        nn.LayerNorm(3, elementwise_affine: false).state_dict().Should().BeEmpty();
        nn.GroupNorm(1, 3, affine: false).state_dict().Should().BeEmpty();
    }

    private static Action Calling(nn.Module<Tensor, Tensor> module, params long[] shape) => () => module.call(ones(shape));
}
