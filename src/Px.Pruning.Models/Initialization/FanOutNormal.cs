using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Initialization;

/// <summary>torchvision's first weights: those of convolutions from N(0, 2 / fan_out), their biases 0; linear layers by family.</summary>
/// <remarks>Fan-out, the number of weights that use an input were there one group: with ReLUs, the variance of gradients stays level. Source: He et al., ICCV 2015, <see href="https://arxiv.org/abs/1502.01852"/>.</remarks>
internal static class FanOutNormal
{
    /// <param name="model">Its convolutions and linear layers are drawn in the order of <c>modules()</c>; no other module is touched.</param>
    /// <param name="generator">Where randomness comes from; null for torch's global state.</param>
    /// <param name="drawLinear">Draws a linear layer, under <c>no_grad</c>.</param>
    public static void Initialize(nn.Module model, Generator? generator, Action<Linear, Generator?> drawLinear)
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

    /// <summary>Weights and bias uniform in ±1/√fan_in, as PyTorch makes linear layers.</summary>
    public static void DrawUniform(Linear linear, Generator? generator)
    {
        var bound = 1 / Math.Sqrt(linear.in_features);
        linear.weight.uniform_(-bound, bound, generator);
        linear.bias?.uniform_(-bound, bound, generator);
    }

    /// <summary>Weights from N(0, 0.01²), bias 0: torchvision's VGG.</summary>
    public static void DrawNarrowNormal(Linear linear, Generator? generator)
    {
        linear.weight.normal_(0, 0.01, generator);
        linear.bias?.zero_();
    }
}
