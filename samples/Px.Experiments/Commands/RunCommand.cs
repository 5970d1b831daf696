using Px.Samples;
using Px.Samples.CommandLines;
using Px.Samples.Display;

namespace Px.Experiments.Commands;

/// <summary><c>run</c>.</summary>
public static class RunCommand
{
    /// <summary>Runs the command.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) =>
        new SampleProgram("experiments run", () => "Runs experiments.").Run(arguments, terminal, () => throw new UsageException("there is nothing to run yet"), token);
}
