using Px.Samples;
using Px.Samples.CommandLines;
using Px.Samples.Display;

namespace Px.Experiments;

/// <summary>The program: its first argument says what to do.</summary>
public static class App
{
    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) =>
        new SampleProgram("experiments", () => "Reproduces the paper's experiments.").Run(arguments, terminal, () =>
            throw new UsageException("say what to do: run, sweep, report or compare"), token);
}
