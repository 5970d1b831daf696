using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Networks;

/// <summary>Inputs and targets from a seed, without touching the global random state.</summary>
internal static class Samples
{
    /// <summary>Normal inputs [<paramref name="count"/>, …] and every class in turn.</summary>
    internal static (Tensor Input, Tensor Target) Normal(int count, long[] shape, int classes = 4, ulong seed = 7, ScalarType dtype = ScalarType.Float32)
    {
        using var generator = new Generator(seed);
        var input = randn([count, .. shape], dtype, generator: generator);
        return (input, arange(count, int64).remainder(classes));
    }

    /// <summary>A group norm with γ = 1 and β = 0. TorchSharp 0.107 leaves both as it finds the memory.</summary>
    internal static GroupNorm FreshGroupNorm(long groups, long channels)
    {
        var norm = nn.GroupNorm(groups, channels);
        nn.init.ones_(norm.weight!);
        nn.init.zeros_(norm.bias!);
        return norm;
    }

    /// <summary>Gives every normalisation layer statistics and scales of its own, as training would.</summary>
    internal static void Disturb(nn.Module model, ulong seed = 5)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator(seed);
        foreach (var (name, buffer) in model.named_buffers().ToList())
        {
            if (name.EndsWith("running_mean", StringComparison.Ordinal)) buffer.uniform_(-0.3, 0.3, generator);
            if (name.EndsWith("running_var", StringComparison.Ordinal)) buffer.uniform_(0.5, 1.5, generator);
        }

        foreach (var (_, module) in model.named_modules().ToList())
        {
            if (module is not BatchNorm norm) continue;
            norm.weight?.uniform_(0.5, 1.5, generator);
            norm.bias?.uniform_(-0.3, 0.3, generator);
        }
    }
}
