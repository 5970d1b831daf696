using System.CommandLine;
using Px.Experiments.Commands;
using Px.Runner;
using Px.Runner.Display;

namespace Px.Experiments;

/// <summary>The program: its first argument says what to do, the others how.</summary>
public static class App
{
    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) => ConsoleProgram.Run(
        new Command("px", "Makes networks pruned before training, among them those of the paper, and shows what became of them.")
        {
            RunCommand.Create(terminal, token),
            SweepCommand.Create(terminal, token),
            ReportCommand.Create(terminal, token),
            ChartCommand.Create(terminal, token),
            CompareCommand.Create(terminal),
        },
        arguments, terminal, token, "Cancelled. The same command goes on from here.");
}
