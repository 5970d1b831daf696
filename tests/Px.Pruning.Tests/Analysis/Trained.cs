using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace Px.Pruning.Tests.Analysis;

/// <summary>Networks as training leaves them, and channels as pruning does.</summary>
internal static class Trained
{
    /// <summary>Gives biases, norm parameters and running statistics values that are not those of a fresh network.</summary>
    internal static void Fill(Module model, long seed)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator((ulong)seed);
        Tensor Draw(Tensor like) => randn(like.shape, float64, generator: generator).to(like.dtype);
        foreach (var module in model.modules())
        {
            if (module is Convolution { bias: { } bias }) bias.copy_(Draw(bias) * 0.3);
            if (module is Linear { bias: { } shift }) shift.copy_(Draw(shift) * 0.3);
            if (module is not (NormBase or GroupNorm)) continue;
            foreach (var (name, parameter) in module.named_parameters())
                parameter.copy_(name == "weight" ? 0.75 + Draw(parameter).abs() * 0.5 : Draw(parameter) * 0.3);
            if (module is not NormBase { running_mean: { } mean, running_var: { } variance }) continue;
            mean.copy_(Draw(mean) * 0.3);
            variance.copy_(0.5 + Draw(variance).abs());
        }
    }

    /// <summary>Zeroes the weights of output channels, and of a convolution's norm nothing.</summary>
    internal static void ZeroOutputs(this Module model, string layer, params long[] channels) => Zero(model, layer, 0, channels);

    /// <summary>Zeroes the weights by which a layer reads input channels.</summary>
    internal static void ZeroInputs(this Module model, string layer, params long[] channels) => Zero(model, layer, 1, channels);

    /// <summary>Writes some numbers of a parameter or buffer.</summary>
    internal static void Set(this Module model, string name, double value, params long[] indices)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var tensor = model.state_dict()[name];
        foreach (long index in indices) tensor.narrow(0, index, 1).fill_(value);
    }

    private static void Zero(Module model, string layer, long dimension, long[] channels)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = model.get_parameter(layer + ".weight")!;
        foreach (long channel in channels) weight.narrow(dimension, channel, 1).fill_(0);
    }
}
