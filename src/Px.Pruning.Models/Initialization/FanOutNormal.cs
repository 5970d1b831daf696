using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Initialization;

// torchvision's first weights: those of convolutions from N(0, 2 / fan_out), their biases 0; linear layers by family. Fan-out is
// the number of weights that use an input, counted as if there were one group: with ReLUs, the variance of gradients stays level.
// Source: He et al., ICCV 2015, https://arxiv.org/abs/1502.01852.
internal static class FanOutNormal
{
    // generator: the source of random numbers; null for torch's global state.
    internal static void Initialize(nn.Module model, Generator? generator, Action<Linear, Generator?> drawLinear)
    {
        using var temporaries = NewDisposeScope();
        using var untracked = no_grad();
        foreach (var module in model.modules())
        {
            if (module is Convolution convolution)
            {
                var fanOut = convolution.weight.numel() / convolution.weight.shape[1];
                convolution.weight.normal_(0, Math.Sqrt(2.0 / fanOut), generator);
                convolution.bias?.zero_();
            }
            else if (module is Linear linear)
            {
                drawLinear(linear, generator);
            }
        }
    }

    // Weights and bias uniform in ±1/√fan_in, as PyTorch makes linear layers.
    internal static void DrawUniform(Linear linear, Generator? generator)
    {
        var bound = 1 / Math.Sqrt(linear.in_features);
        linear.weight.uniform_(-bound, bound, generator);
        linear.bias?.uniform_(-bound, bound, generator);
    }

    // Weights from N(0, 0.01²), bias 0: torchvision's VGG.
    internal static void DrawNarrowNormal(Linear linear, Generator? generator)
    {
        linear.weight.normal_(0, 0.01, generator);
        linear.bias?.zero_();
    }
}
