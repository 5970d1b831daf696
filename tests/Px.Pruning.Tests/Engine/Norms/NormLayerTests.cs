using Px.Pruning.Engine.Norms;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine.Norms;

public class NormLayerTests
{
    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(1, 1e-6, false)]
    [InlineData(0.5, 0, false)]
    public void IsPlain_ParametersOfAnyChannel_AreLookedAt(double gamma, double beta, bool expected)
    {
        using var scope = NewDisposeScope();
        using var norm = BatchNorm2d(3);
        using (no_grad())
        {
            norm.weight[2].fill_(gamma);
            norm.bias![2].fill_(beta);
        }

        NormLayer.TryCreate("norm", norm)!.IsPlain.Should().Be(expected);
    }

    [Fact]
    public void IsPlain_LayerWithoutParameters_IsTrue()
    {
        using var norm = GroupNorm(2, 4, affine: false);

        NormLayer.TryCreate("norm", norm)!.IsPlain.Should().BeTrue();
    }

    [Fact]
    public void SquaredScale_LayerWithoutParametersAndStatistics_IsOneNumberForAnyDevice()
    {
        using var scope = NewDisposeScope();
        using var norm = InstanceNorm2d(4);

        var scale = NormLayer.TryCreate("norm", norm)!.SquaredScale(null, dimensions: 4);

        scale.dim().Should().Be(0, "only such a tensor is multiplied with those of another device");
        scale.ToDouble().Should().Be(1);
    }
}
