using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Samples.Tests;

/// <summary>A sample, run as its user runs it, and what it left.</summary>
internal sealed record SampleRun(int ExitCode, string Output)
{
    public static SampleRun Of(Func<string[], Terminal, CancellationToken, int> sample, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        return new SampleRun(sample(arguments, Terminals.To(output), CancellationToken.None), output.ToString());
    }

    /// <summary>The cells of the table's rows, by the two or more spaces between them.</summary>
    public List<string[]> Table() =>
    [
        .. Output.Split('\n').SkipWhile(line => !line.StartsWith("network ", StringComparison.Ordinal)).Skip(3).TakeWhile(line => line.Length > 0)
            .Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    ];
}
