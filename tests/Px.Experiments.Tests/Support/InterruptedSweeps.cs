namespace Px.Experiments.Tests.Support;

/// <summary>Sweeps that were really interrupted, each once for all tests of a class, which get copies.</summary>
public sealed class InterruptedSweeps : IDisposable
{
    private readonly Dictionary<string, TinySweep> sweeps = [];

    /// <summary>Files of a sweep that was cancelled as soon as there was such a file.</summary>
    internal TinySweep Of(string[] arguments, string at)
    {
        var key = string.Join(' ', [at, .. arguments]);
        if (!sweeps.TryGetValue(key, out var sweep))
        {
            sweeps.Add(key, sweep = new TinySweep());
            using var source = new CancellationTokenSource();
            var run = Task.Run(() => sweep.Run(source.Token, arguments));
            SpinWait.SpinUntil(() => run.IsCompleted || Directory.EnumerateFiles(sweep.Output.Path, at).Any(), TimeSpan.FromMinutes(1));
            source.Cancel();
            run.GetAwaiter().GetResult().ExitCode.Should().Be(130, "it was interrupted");
        }

        var copy = new TinySweep();
        foreach (var file in Directory.GetFiles(sweep.Output.Path))
            File.Copy(file, copy.Output.In(Path.GetFileName(file)));
        return copy;
    }

    public void Dispose()
    {
        foreach (var sweep in sweeps.Values)
            sweep.Dispose();
    }
}
