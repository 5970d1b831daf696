using System.Diagnostics;

namespace Px.Benchmarks.Comparison;

/// <summary>A process that keeps one core busy until it is disposed.</summary>
internal sealed class Neighbour : IDisposable
{
    internal const string Command = "burn";

    private readonly Process process =
        Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Command]) { RedirectStandardInput = true })!;

    /// <summary>Works for nothing until the standard input ends, as it does when the process that started this one is gone.</summary>
    internal static void Burn()
    {
        var end = Task.Run(Console.In.ReadToEnd);
        while (!end.IsCompleted)
        {
        }
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10))) process.Kill();
        process.Dispose();
    }
}
