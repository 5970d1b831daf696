namespace Px.Pruning.Models.Data.Pipeline;

// SplitMix64: random numbers that are the same on every machine, runtime and libtorch.
// Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
internal struct RandomSequence
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong state;

    internal RandomSequence(long seed, ulong stream)
    {
        state = stream;
        state = unchecked((ulong)seed) ^ Next();
        state = Next();
    }

    // A number from 0 to bound − 1. Its bias, below bound/2³², does not matter for shuffling.
    internal int Below(int bound) => (int)((Next() >> 32) * (ulong)bound >> 32);

    // A number in [low, high), of 2⁵³ evenly spaced ones.
    internal double Between(double low, double high) => low + ((high - low) * ((Next() >> 11) * (1.0 / (1L << 53))));

    // This sequence without its next numbers, at no cost.
    internal readonly RandomSequence Skip(ulong count) => this with { state = unchecked(state + (count * Step)) };

    // Fisher and Yates' shuffle, in place.
    internal void Shuffle(Span<int> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private ulong Next()
    {
        unchecked
        {
            var z = state += Step;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
