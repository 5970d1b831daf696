using Px.Runner.Display;

namespace Px.Runner.Tests.Support;

/// <summary>Terminals that tests can read, or that nobody reads.</summary>
internal static class Terminals
{
    public static Terminal Silent { get; } = new(TextWriter.Null, isInteractive: false, 80, TimeProvider.System);

    public static Terminal To(TextWriter output) => new(output, isInteractive: false, 80, TimeProvider.System);
}
