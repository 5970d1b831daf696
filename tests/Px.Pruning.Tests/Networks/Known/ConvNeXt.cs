using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks.Known;

/// <summary>
/// ConvNeXt (Liu et al., CVPR 2022) with two stages of two blocks: depthwise 7×7 convolutions, layer norm over channels, GELU, and a layer
/// scale γ that is a raw parameter. Inputs [B, 3, H, W], H and W multiples of 8; outputs [B, K].
/// </summary>
internal sealed class ConvNeXt : Module<Tensor, Tensor>
{
    private readonly Sequential features;
    private readonly Module<Tensor, Tensor> norm;
    private readonly Linear head;

    /// <param name="classes">K.</param>
    /// <param name="layerScale">γ.</param>
    /// <param name="linear">Whether layer norms only scale by their weight and GELUs are the identity, as in the network of paths.</param>
    internal ConvNeXt(long classes, double layerScale = 1e-6, bool linear = false) : base(nameof(ConvNeXt))
    {
        features = Sequential(
            Conv2d(3, 8, 4, stride: 4), new ChannelNorm(8, linear), new Block(8, layerScale, linear), new Block(8, layerScale, linear),
            new ChannelNorm(8, linear), Conv2d(8, 16, 2, stride: 2), new Block(16, layerScale, linear), new Block(16, layerScale, linear));
        norm = Norm(16, linear);
        head = Linear(16, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => head.call(norm.call(features.call(input).mean([-2, -1])));

    private static Module<Tensor, Tensor> Norm(long channels, bool linear) => linear ? new Scale(channels) : LayerNorm(channels, eps: 1e-6);

    /// <summary>A layer norm's parameters, of which only the weight is used.</summary>
    private sealed class Scale : Module<Tensor, Tensor>
    {
        private readonly Parameter weight, bias;

        internal Scale(long channels) : base(nameof(Scale))
        {
            weight = Parameter(ones(channels));
            bias = Parameter(zeros(channels));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input * weight + 0 * bias;
    }

    /// <summary>Layer norm of [B, C, H, W] over C.</summary>
    private sealed class ChannelNorm : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> norm;

        internal ChannelNorm(long channels, bool linear) : base(nameof(ChannelNorm))
        {
            norm = Norm(channels, linear);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => norm.call(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2);
    }

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Conv2d dwconv;
        private readonly Module<Tensor, Tensor> norm, act;
        private readonly Linear pwconv1, pwconv2;
        private readonly Parameter gamma;

        internal Block(long channels, double layerScale, bool linear) : base(nameof(Block))
        {
            dwconv = Conv2d(channels, channels, 7, padding: 3, groups: channels);
            norm = Norm(channels, linear);
            pwconv1 = Linear(channels, 4 * channels);
            act = linear ? Identity() : GELU();
            pwconv2 = Linear(4 * channels, channels);
            gamma = Parameter(full(channels, layerScale));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var pixels = dwconv.call(input).permute(0, 2, 3, 1);
            var scaled = gamma * pwconv2.call(act.call(pwconv1.call(norm.call(pixels))));
            return input + scaled.permute(0, 3, 1, 2);
        }
    }
}
