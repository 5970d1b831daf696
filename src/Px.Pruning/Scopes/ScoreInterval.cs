using System.Runtime.CompilerServices;

namespace Px.Pruning.Scopes;

/// <summary>Scores from a lowest to a highest, both included; and scores as integers of the same order.</summary>
internal readonly record struct ScoreInterval(double Low, double High)
{
    /// <summary>All scores.</summary>
    internal static ScoreInterval Everything { get; } = new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>A score as an unsigned integer: flips the sign bit of numbers from zero up and every bit of those below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Key(double score)
    {
        long bits = BitConverter.DoubleToInt64Bits(score + 0.0); // -0 + 0 = +0
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }

    /// <summary>The score of a key.</summary>
    internal static double Score(ulong key) => BitConverter.Int64BitsToDouble((long)key < 0 ? (long)key ^ long.MinValue : ~(long)key);

    /// <summary>The scores whose keys lie between two. −0 has no key of its own: an interval that ends with it ends before, and one that begins with it begins behind.</summary>
    internal static ScoreInterval OfKeys(ulong low, ulong high) =>
        new(low == long.MaxValue ? 0 : Score(low), high == long.MaxValue ? -double.Epsilon : Score(high));
}
