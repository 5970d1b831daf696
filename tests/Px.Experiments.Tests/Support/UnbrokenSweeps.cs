namespace Px.Experiments.Tests.Support;

/// <summary>Sweeps that nothing ended, each run once for all tests of a class.</summary>
public sealed class UnbrokenSweeps : IDisposable
{
    private readonly Dictionary<string, TinySweep> sweeps = [];

    internal TinySweep Of(string[] arguments)
    {
        var key = string.Join(' ', arguments);
        if (!sweeps.TryGetValue(key, out var sweep))
        {
            sweeps.Add(key, sweep = new TinySweep());
            sweep.Run(arguments).ExitCode.Should().Be(0);
        }

        return sweep;
    }

    public void Dispose()
    {
        foreach (var sweep in sweeps.Values)
            sweep.Dispose();
    }
}
