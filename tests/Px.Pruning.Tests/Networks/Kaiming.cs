using static TorchSharp.torch;

namespace Px.Pruning.Tests.Networks;

/// <summary>The initialisation of the paper: normal, of variance 2 / fan-in. Path sums grow faster with it than with TorchSharp's own.</summary>
internal static class Kaiming
{
    internal static T Draw<T>(T model, ulong seed = 3) where T : nn.Module
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator(seed);
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (parameter.dim() < 2) continue;
            parameter.copy_(randn(parameter.shape, generator: generator) * Math.Sqrt(2.0 * parameter.size(0) / parameter.numel()));
        }

        return model;
    }
}
