using System.Runtime.InteropServices;
using Px.Pruning.Masking;

namespace Px.Pruning.Scopes;

/// <summary>A guess from a sample: between which scores the k-th largest lies.</summary>
internal static class ScoreSample
{
    internal const int Size = 2048;
    private const int Fewest = 64;

    // Standard deviations of the rank of a score in the sample. A wrong guess costs time only.
    private const double Deviations = 4;

    /// <summary>An interval that most likely holds the k-th largest score of a weight that is alive; everything where there are too few to tell.</summary>
    /// <param name="parameters">The scores.</param>
    /// <param name="alive">How many weights are alive.</param>
    /// <param name="count">k, from 1 to <paramref name="alive"/>.</param>
    internal static ScoreInterval Around(IReadOnlyList<ScoredParameter> parameters, long alive, long count)
    {
        Span<double> room = stackalloc double[Size];
        var sample = room[..Draw(parameters, room)];
        if (sample.Length < Fewest) return ScoreInterval.Everything;
        sample.Sort();
        double share = (double)count / alive, rank = sample.Length * (1 - share);
        double margin = Deviations * Math.Sqrt(sample.Length * share * (1 - share)) + 2;
        int low = (int)Math.Floor(rank - margin), high = (int)Math.Ceiling(rank + margin);
        return new(low < 0 ? double.NegativeInfinity : sample[low], high >= sample.Length ? double.PositiveInfinity : sample[high]);
    }

    /// <summary>Fills in finite scores of weights that are alive, in steps of random length, and tells how many; the same ones at every call.</summary>
    internal static int Draw(IReadOnlyList<ScoredParameter> parameters, Span<double> sample)
    {
        double steps = 2.0 * parameters.Sum(parameter => parameter.Scores.numel()) / sample.Length;
        if (steps < 2) return 0; // nothing is left out, so that nothing is gained
        var random = new SplitMix64(0, nameof(ScoreSample));
        int drawn = 0;
        double next = 0;
        foreach (var parameter in parameters)
        {
            var scores = MemoryMarshal.Cast<byte, double>(parameter.Scores.bytes);
            var alive = parameter.Alive.bytes;
            for (; next < scores.Length && drawn < sample.Length; next += 1 + random.Uniform() * (steps - 2))
            {
                int i = (int)next;
                if (alive[i] != 0 && double.IsFinite(scores[i])) sample[drawn++] = scores[i];
            }

            next -= scores.Length;
        }

        return drawn;
    }
}
