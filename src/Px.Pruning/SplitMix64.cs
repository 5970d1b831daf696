using Px.Bytes;
using static TorchSharp.torch;

namespace Px.Pruning;

// A random generator whose numbers are the same on every platform and runtime version. Source: Steele, Lea and Flood, OOPSLA 2014,
// https://doi.org/10.1145/2660193.2660195.
internal sealed class SplitMix64
{
    private ulong state;

    // Each pair of a seed and a name has its own sequence.
    internal SplitMix64(long seed, string name)
    {
        state = (ulong)seed;
        foreach (var symbol in name) state = Next() ^ symbol;
    }

    // N(0, 1), float64, on the CPU: a generator of each name's own, so that numbers depend neither on the device nor on the order of calls.
    internal static Tensor Normal(long seed, string name, long[] shape)
    {
        using var generator = new Generator(new SplitMix64(seed, name).Next());
        return randn(shape, float64, generator: generator);
    }

    // Fisher and Yates: every order is equally likely.
    internal void Shuffle(TensorMemory<bool> values)
    {
        for (var last = values.Length - 1; last > 0; last--)
        {
            var other = Below(last + 1);
            (values[last], values[other]) = (values[other], values[last]);
        }
    }

    // In [0, 1), with 53 random bits.
    internal double Uniform() => (Next() >> 11) * (1.0 / (1L << 53));

    // A seed for another generator, at least 0.
    internal long Seed() => (long)(Next() >> 1);

    internal ulong Next()
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    // In [0, bound); the bias is below 2⁻³².
    private long Below(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);
}
