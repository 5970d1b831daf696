namespace Px.Pruning.Analysis;

/// <summary>Where a running call of <see cref="NtkAnalysis"/> stands.</summary>
/// <param name="Done">Backward passes done.</param>
/// <param name="Total">Backward passes in all; an upper bound where the call ends once its numbers are good enough.</param>
/// <param name="Elapsed">Time since the call began.</param>
public sealed record NtkProgress(long Done, long Total, TimeSpan Elapsed);
