using Microsoft.Extensions.Logging;

namespace Px.Pruning;

// The warnings that a call may log, by the event under which a log shows and filters them. docs/troubleshooting.md has an entry for each.
internal static class Warnings
{
    internal static readonly EventId FewBatches = new(1, nameof(FewBatches));
    internal static readonly EventId FewSamples = new(2, nameof(FewSamples));
    internal static readonly EventId LongSearch = new(3, nameof(LongSearch));
    internal static readonly EventId ZeroScores = new(4, nameof(ZeroScores));
    internal static readonly EventId NoActivePath = new(5, nameof(NoActivePath));
    internal static readonly EventId UnusedWeights = new(6, nameof(UnusedWeights));
    internal static readonly EventId UnseenUses = new(7, nameof(UnseenUses));
    internal static readonly EventId CheckpointLeft = new(8, nameof(CheckpointLeft));
}
