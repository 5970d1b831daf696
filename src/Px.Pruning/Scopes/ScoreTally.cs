using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Px.Pruning.Scopes;

/// <summary>How many scores of weights that are alive lie where.</summary>
internal struct ScoreTally
{
    /// <summary>In the interval.</summary>
    public long Within { get; private set; }

    /// <summary>Above it.</summary>
    public long Above { get; private set; }

    /// <summary>NaN or infinite.</summary>
    public long NonFinite { get; private set; }

    /// <summary>Counts those of one parameter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<double> scores, ReadOnlySpan<byte> alive, ScoreInterval interval)
    {
        var (low, high) = (Vector256.Create(interval.Low), Vector256.Create(interval.High));
        var quads = MemoryMarshal.Cast<double, Vector256<double>>(scores);
        var blocks = MemoryMarshal.Cast<byte, Vector256<byte>>(alive[..scores.Length]);
        for (var block = 0; block < blocks.Length; block++)
        {
            var (living, fromLow, above, finite) = (TopK.Living(blocks[block]), 0U, 0U, 0U);
            for (var i = 0; i < TopK.Block / TopK.Quad; i++)
            {
                var scored = quads[block * (TopK.Block / TopK.Quad) + i];
                fromLow |= Vector256.GreaterThanOrEqual(scored, low).ExtractMostSignificantBits() << (i * TopK.Quad);
                above |= Vector256.GreaterThan(scored, high).ExtractMostSignificantBits() << (i * TopK.Quad);
                finite |= Vector256.Equals(scored - scored, Vector256<double>.Zero).ExtractMostSignificantBits() << (i * TopK.Quad);
            }

            Above += BitOperations.PopCount(living & above);
            Within += BitOperations.PopCount(living & fromLow & ~above);
            NonFinite += BitOperations.PopCount(living & ~finite);
        }

        for (var i = blocks.Length * TopK.Block; i < scores.Length; i++)
        {
            if (alive[i] == 0)
                continue;
            Above += scores[i] > interval.High ? 1 : 0;
            Within += scores[i] >= interval.Low && scores[i] <= interval.High ? 1 : 0;
            NonFinite += double.IsFinite(scores[i]) ? 0 : 1;
        }
    }
}
