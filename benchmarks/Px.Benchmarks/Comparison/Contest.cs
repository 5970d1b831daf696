using Px.Pruning;

namespace Px.Benchmarks.Comparison;

/// <summary>A method that runs on both sides.</summary>
/// <param name="Name">Its name here and in <c>benchmarks/python/methods.py</c>.</param>
/// <param name="Create">The library's pruner.</param>
/// <param name="Rounds">
/// Rounds of a timed call: the first, which pays for what is done once a call, is not counted as a round. 1 for single-shot methods,
/// where the call is the round; 2 where a round takes a good part of a second; 11 where it takes milliseconds.
/// </param>
internal sealed record Contest(string Name, Func<IPruner> Create, int Rounds = 2)
{
    /// <summary>The most that a round may take on one thread, as a fraction of the authors' way. Default 1.</summary>
    internal double TimeTarget { get; init; } = 1;

    /// <summary>The most memory that a call may take above start-up, as a fraction of the authors' way. Default 1.</summary>
    internal double MemoryTarget { get; init; } = 1;

    /// <summary>Whether the authors' way exists in C#, and not only in Python.</summary>
    internal bool IsInCSharp => Authors.Methods.All.ContainsKey(Name);

    /// <summary>The target on equal terms and one thread; against Python, only of what Python alone has; null for none.</summary>
    internal double? TimeTargetAgainst(Opponent opponent, int threads) =>
        threads == 1 && (opponent == Opponent.Authors) == IsInCSharp ? TimeTarget : null;
}
