using System.Text;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference;

/// <summary>Weights, buffers and images that Python and C# produce bit for bit alike; Oracle/tensors.py is the same in Python.</summary>
/// <remarks>
/// FNV-1a of the tensor's name plus <c>seed · 0x9E3779B97F4A7C15</c> is the state of a splitmix64 generator. A draw gives
/// <c>u = (draw >> 11) · 2⁻⁵³</c>, the element is <c>low + (high − low) · u</c> rounded once to float32, so that float32 and float64
/// models hold the very same numbers.
/// </remarks>
internal static class DeterministicTensors
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    /// <summary>The elements of a named tensor in row-major order.</summary>
    public static double[] Draw(string name, long count, double low, double high, ulong seed)
    {
        var state = unchecked(Fnv1A(name) + seed * GoldenGamma);
        var values = new double[count];
        for (var i = 0L; i < count; i++)
        {
            state = unchecked(state + GoldenGamma);
            var u = (Mix(state) >> 11) * (1.0 / (1L << 53));
            values[i] = (float)(low + (high - low) * u);
        }
        return values;
    }

    /// <summary>A named float64 tensor on the CPU.</summary>
    public static Tensor Uniform(string name, long[] shape, double low, double high, ulong seed) =>
        tensor(Draw(name, shape.Aggregate(1L, (a, b) => a * b), low, high, seed)).reshape(shape);

    /// <summary>Float64 images [count, C, H, W], uniform in [-2, 2].</summary>
    public static Tensor Images(long count, long[] shape, ulong seed) => Uniform("images", [count, .. shape], -2, 2, seed);

    /// <summary>Class indices <c>(7n + 3) mod classes</c>, int64.</summary>
    public static Tensor Labels(long count, int classes) =>
        tensor(Enumerable.Range(0, (int)count).Select(n => (7L * n + 3) % classes).ToArray());

    /// <summary>Class indices of pixels [count, H, W], <c>(7n + 3y + 5x + ny) mod classes</c>, int64.</summary>
    public static Tensor LabelMaps(long count, long height, long width, int classes)
    {
        var values =
            from n in Enumerable.Range(0, (int)count)
            from y in Enumerable.Range(0, (int)height)
            from x in Enumerable.Range(0, (int)width)
            select (7L * n + 3 * y + 5 * x + n * y) % classes;
        return tensor(values.ToArray()).reshape(count, height, width);
    }

    private static ulong Fnv1A(string name)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var value in Encoding.UTF8.GetBytes(name)) hash = unchecked((hash ^ value) * 0x100000001B3);
        return hash;
    }

    private static ulong Mix(ulong z)
    {
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
