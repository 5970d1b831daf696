using Px.Pruning.Engine.Norms;
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
}
