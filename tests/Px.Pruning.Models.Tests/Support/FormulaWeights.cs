using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>The weights that <c>Reference/torchvision_models.py</c> gives a network: the same float32 numbers, bit for bit.</summary>
internal static class FormulaWeights
{
    /// <summary>Overwrites all parameters and norm statistics.</summary>
    public static void Fill(nn.Module model)
    {
        foreach (var (name, tensor) in model.state_dict())
        {
            if (!name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                Fill(name, tensor);
        }
    }

    /// <summary>Numbers of mean 0 and variance 1.</summary>
    public static Tensor Input(params long[] shape)
    {
        var input = empty(shape);
        Write("input", input, u => u * Math.Sqrt(3));
        return input;
    }

    private static void Fill(string name, Tensor tensor)
    {
        var shape = tensor.shape;
        if (shape.Length > 1)
        {
            var bound = Math.Sqrt(6.0 * shape[0] / tensor.numel()); // variance 2 / fan-in
            Write(name, tensor, u => u * bound);
        }
        else if (name.EndsWith("running_var", StringComparison.Ordinal))
        {
            Write(name, tensor, u => 1 + (u / 2));
        }
        else if (name.EndsWith("weight", StringComparison.Ordinal))
        {
            Write(name, tensor, u => 0.75 + (u / 4));
        }
        else
        {
            Write(name, tensor, u => u / 8);
        }
    }

    /// <summary>Numbers in [-1, 1) through a formula: the name hashed by FNV-1a, mixed with the position.</summary>
    private static void Write(string name, Tensor tensor, Func<double, double> formula)
    {
        var seed = name.Aggregate(2166136261u, (hash, letter) => unchecked((hash ^ letter) * 16777619u));
        var values = MemoryMarshal.Cast<byte, float>(tensor.bytes);
        for (var i = 0; i < values.Length; i++)
        {
            var x = unchecked(((uint)i * 2654435761u) + seed);
            x = unchecked((x ^ (x >> 16)) * 0x45D9F3Bu);
            x = unchecked((x ^ (x >> 16)) * 0x45D9F3Bu);
            x ^= x >> 16;
            values[i] = (float)formula((x / 2147483648.0) - 1);
        }
    }
}
