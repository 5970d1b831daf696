using System.Runtime.InteropServices;

namespace Px.Runner;

/// <summary>Ctrl+C or SIGTERM asks the program to stop after the current batch; a second time it ends the process.</summary>
public sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration terminate;

    public Interrupt()
    {
        Console.CancelKeyPress += Cancel;
        terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = Cancel());
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= Cancel;
        terminate.Dispose();
        source.Dispose();
    }

    private void Cancel(object? sender, ConsoleCancelEventArgs e) => e.Cancel = Cancel();

    // Whether it is the first time.
    private bool Cancel()
    {
        var first = !source.IsCancellationRequested;
        source.Cancel();
        return first;
    }
}
