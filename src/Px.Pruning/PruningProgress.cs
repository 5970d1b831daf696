namespace Px.Pruning;

/// <summary>Where a running <see cref="IPruner.Prune"/> stands after a round.</summary>
/// <param name="Method"><see cref="IPruner.Name"/>.</param>
/// <param name="Round">Rounds done, from 1 to <paramref name="Rounds"/>.</param>
/// <param name="Rounds">Rounds in all.</param>
/// <param name="Kept">Weights kept after this round.</param>
/// <param name="Total">Prunable weights.</param>
/// <param name="Elapsed">Time since the call began.</param>
public sealed record PruningProgress(string Method, int Round, int Rounds, long Kept, long Total, TimeSpan Elapsed)
{
    /// <summary>The fraction of prunable weights that are kept, in [0, 1].</summary>
    public double Density => Total == 0 ? 1 : (double)Kept / Total;
}
