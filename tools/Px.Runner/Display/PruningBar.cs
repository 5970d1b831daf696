using System.Globalization;
using Px.Pruning;

namespace Px.Runner.Display;

/// <summary>A progress bar that counts pruning rounds, or what a method that prunes several times has done of its own. Unlike <see cref="Progress{T}"/> it reports on the pruner's own thread, in order.</summary>
public sealed class PruningBar(Terminal terminal, string label, int rounds) : IProgress<PruningProgress>, IDisposable
{
    private readonly ProgressBar bar = new(terminal, label, "rounds", rounds);

    public void Report(PruningProgress value) =>
        bar.Report((int)((long)value.Round * rounds / value.Rounds), string.Create(CultureInfo.InvariantCulture, $"{100 * value.Density:F2} % of the weights kept"));

    public void Dispose() => bar.Dispose();
}
