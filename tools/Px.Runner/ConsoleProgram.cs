using Px.Pruning;
using Px.Runner.CommandLines;
using Px.Runner.Display;

namespace Px.Runner;

/// <summary>What every program does around its work: help, errors in one line, Ctrl+C and SIGTERM, exit codes.</summary>
/// <param name="name">What errors begin with.</param>
/// <param name="help">The text of <c>--help</c>.</param>
public sealed class ConsoleProgram(string name, Func<string> help)
{
    private const string ExitCodes = "Exit codes: 0 done, 1 failed, 2 an option is wrong, 130 cancelled (Ctrl+C or SIGTERM).";

    /// <summary>What is said when it was cancelled.</summary>
    public string Cancelled { get; init; } = "Cancelled.";

    /// <summary>Runs a program on the process's own terminal until it is done, or Ctrl+C or SIGTERM stops it.</summary>
    public static int Main(string[] arguments, Func<string[], Terminal, CancellationToken, int> run)
    {
        using var interrupt = new Interrupt();
        return run(arguments, Terminal.Standard(), interrupt.Token);
    }

    /// <summary>Runs the work and turns what it throws into a line and an exit code.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="terminal">Where results and errors go.</param>
    /// <param name="work">Parses the command line and does what it asks.</param>
    /// <param name="token">Stops the work.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public int Run(string[] arguments, Terminal terminal, Action work, CancellationToken token)
    {
        try
        {
            if (arguments.Any(argument => argument is "--help" or "-h"))
                terminal.WriteLine($"{help()}\n\n{ExitCodes}");
            else
                work();
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            terminal.WriteLine(Cancelled);
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
}
