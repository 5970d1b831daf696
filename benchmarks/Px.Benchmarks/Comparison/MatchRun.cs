namespace Px.Benchmarks.Comparison;

/// <summary>One timed call of one side.</summary>
/// <param name="Times">When its rounds ended.</param>
/// <param name="Usage">What its process used meanwhile, the reset of the network before it included.</param>
internal sealed record MatchRun(TimedRun Times, ProcessUsage Usage)
{
    internal double Round => Times.Round;

    internal double Call => Times.Call;
}
