using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Initialization;

// Draws the weights of convolutions and linear layers from N(0, 2 / fan_in): with ReLUs, the variance of activations stays level through
// the layers. Fan-in, the number of weights an output sees, is the choice of the pruning papers for their small networks (torchvision's
// ResNets take fan-out). Biases are uniform in ±1/√fan_in, PyTorch's default.
// Source: He et al., ICCV 2015, https://arxiv.org/abs/1502.01852.
internal static class KaimingNormal
{
    // generator: the source of random numbers; null for torch's global state.
    internal static void Initialize(nn.Module model, Generator? generator)
    {
        using var temporaries = NewDisposeScope();
        using var untracked = no_grad();
        foreach (var module in model.modules())
        {
            if (module is Convolution convolution)
                Draw(convolution.weight, convolution.bias, generator);
            else if (module is Linear linear)
                Draw(linear.weight, linear.bias, generator);
        }
    }

    private static void Draw(Parameter weight, Parameter? bias, Generator? generator)
    {
        var fanIn = weight.numel() / weight.shape[0];
        weight.normal_(0, Math.Sqrt(2.0 / fanIn), generator);
        var bound = 1 / Math.Sqrt(fanIn);
        bias?.uniform_(-bound, bound, generator);
    }
}
