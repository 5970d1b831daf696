namespace Px.Benchmarks.Comparison;

/// <summary>One timed call.</summary>
/// <param name="ends">Seconds from the start to the end of each round, and to the end.</param>
internal sealed class TimedRun(double[] ends)
{
    private int Rounds => ends.Length - 1;

    /// <summary>The whole call.</summary>
    internal double Total => ends[^1];

    /// <summary>A round after the first; of a single-shot method, the call.</summary>
    internal double Round => Rounds == 1 ? Total : (ends[Rounds - 1] - ends[0]) / (Rounds - 1);

    /// <summary>A call of one round: what comes before and after the rounds is in it.</summary>
    internal double Call => ends[0] + ends[^1] - ends[Rounds - 1];
}
