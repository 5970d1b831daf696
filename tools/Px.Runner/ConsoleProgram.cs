using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Px.Pruning;
using Px.Runner.CommandLines;
using Px.Runner.Display;

namespace Px.Runner;

/// <summary>What every program does around its work: help, errors in one line, Ctrl+C and SIGTERM, exit codes.</summary>
public static class ConsoleProgram
{
    private const string ExitCodes = "Exit codes: 0 done, 1 failed, 2 wrong option, 130 Ctrl+C or SIGTERM.";

    // Longer lines are hard to read.
    private const int MostWidth = 98;

    /// <summary>Runs a program on the process's own terminal until it is done, or Ctrl+C or SIGTERM stops it.</summary>
    public static int Main(string[] arguments, Func<string[], Terminal, CancellationToken, int> run)
    {
        using var interrupt = new Interrupt();
        return run(arguments, Terminal.Standard(), interrupt.Token);
    }

    /// <summary>Runs a command and turns what it throws into a line and an exit code.</summary>
    /// <param name="command">What there is to do: <see cref="OptionSet{T}.ToCommand"/>, or several of those under a command of their own.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="terminal">Where results and errors go.</param>
    /// <param name="token">Stops the work.</param>
    /// <param name="cancelled">What is said when it was cancelled.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(Command command, IReadOnlyList<string> arguments, Terminal terminal, CancellationToken token, string cancelled = "Cancelled.")
    {
        command.Options.Add(new HelpOption { Action = new HelpAction { MaxWidth = Math.Min(terminal.Width, MostWidth) } });
        var parsed = command.Parse(arguments);
        var name = NameOf(parsed.CommandResult);
        try
        {
            if (parsed.Action is ParseErrorAction wrong)
                wrong.ShowHelp = parsed.CommandResult.Command.Subcommands.Count > 0;
            parsed.Invoke(new InvocationConfiguration { Output = terminal.Output, Error = terminal.Errors, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
            if (parsed.Action is ParseErrorAction)
                return Fail("--help lists all options", ExitCode.Usage);
            if (parsed.Action is HelpAction)
                terminal.WriteLine(ExitCodes);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            terminal.WriteLine(cancelled);
            return ExitCode.Cancelled;
        }
        catch (UsageException e)
        {
            return Fail(e.Message, ExitCode.Usage);
        }
        catch (Exception e) when (e is ProgramException or UnsupportedModelException or NonFiniteScoreException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return Fail(e.Message, ExitCode.Failed);
        }

        int Fail(string message, int exitCode)
        {
            terminal.WriteError($"{name}: {message}");
            return exitCode;
        }
    }

    // "px sweep"
    private static string NameOf(CommandResult result) => result.Parent is CommandResult parent ? $"{NameOf(parent)} {result.Command.Name}" : result.Command.Name;
}
