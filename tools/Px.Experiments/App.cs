using Px.Experiments.Commands;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Display;

namespace Px.Experiments;

/// <summary>The program: its first argument says what to do, the others how.</summary>
public static class App
{
    private static readonly IReadOnlyList<Command> Commands =
    [
        new("run", "one network, or a few, from the command line", RunCommand.Run),
        new("sweep", "a grid of networks: a protocol by its name, a JSON file, or the command line", SweepCommand.Run),
        new("report", "one HTML page of results, with charts and tables, and the same as CSV", ReportCommand.Run),
        new("compare", "two folders of results, two methods, or two masks, side by side", CompareCommand.Run),
    ];

    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) =>
        arguments.Length > 0 && Commands.FirstOrDefault(command => command.Name == arguments[0]) is { } chosen
            ? chosen.Run(arguments[1..], terminal, token)
            : new ConsoleProgram("px", Help).Run(arguments, terminal, () => throw new UsageException($"say what to do: {Names()}; --help says more"), token);

    private static string Names() => $"{string.Join(", ", Commands.SkipLast(1).Select(command => command.Name))} or {Commands[^1].Name}";

    private static string Help() =>
        $"Reproduces the paper's experiments. What to do comes first; `NAME --help` lists what follows:\n\n{string.Join('\n', Commands.Select(command => $"  {command.Name,-10}{command.Summary}"))}";

    private sealed record Command(string Name, string Summary, Func<string[], Terminal, CancellationToken, int> Run);
}
