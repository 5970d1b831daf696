using Px.Pruning.Engine.Norms;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Engine.Norms;

/// <summary>Batch norm of maps whose channels lie innermost is as exact as in the standard layout, in which libtorch computes it.</summary>
public class PixelNormTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(100)] // far from zero, where a mean of squares would lose the variance
    public void NormalizeBatch_ChannelsInnermost_IsAsExactAsInTheStandardLayout(double shift)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator(1);
        var x = randn([64, 8, 32, 32], generator: generator) + shift;
        var layer = NormLayer.TryCreate("bn", nn.BatchNorm2d(8))!;

        double standard = Error(layer, x, x), innermost = Error(layer, x, x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2));

        innermost.Should().BeLessThan(4 * standard);
    }

    [Fact]
    public void NormalizeBatch_ChannelsInnermost_NotesTheSameMoments()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var x = randn(4, 3, 5, 7, dtype: float64);
        var layer = NormLayer.TryCreate("bn", nn.BatchNorm2d(3).to(float64))!;
        using NormMoments standard = new(), innermost = new();

        layer.NormalizeBatch(x, standard);
        layer.NormalizeBatch(x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2), innermost);

        innermost.Mean().allclose(standard.Mean(), 1e-12, 1e-12).Should().BeTrue();
        innermost.Variance().allclose(standard.Variance(), 1e-12, 1e-12).Should().BeTrue();
    }

    /// <summary>The largest difference from float64.</summary>
    private static double Error(NormLayer layer, Tensor exact, Tensor x)
    {
        var wide = exact.to(float64);
        var variance = wide.var([0L, 2, 3], unbiased: false, keepdim: true);
        var expected = (wide - wide.mean([0, 2, 3], keepdim: true)) / (variance + 1e-5).sqrt();
        return (layer.NormalizeBatch(x) - expected).abs().max().ToDouble();
    }
}
