using Px.Pruning.Analysis;

namespace Px.Pruning.Tests.Analysis;

/// <summary>Keeps what it is told, on the thread that tells it.</summary>
internal sealed class Reports(Action<NtkProgress>? then = null) : IProgress<NtkProgress>
{
    internal List<NtkProgress> Seen { get; } = [];

    public void Report(NtkProgress value)
    {
        Seen.Add(value);
        then?.Invoke(value);
    }
}
