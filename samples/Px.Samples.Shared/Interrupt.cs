namespace Px.Samples;

/// <summary>Ctrl+C asks the program to stop after the current batch; a second time it ends the process.</summary>
public sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource source = new();

    public Interrupt() => Console.CancelKeyPress += Cancel;

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= Cancel;
        source.Dispose();
    }

    private void Cancel(object? sender, ConsoleCancelEventArgs e)
    {
        e.Cancel = !source.IsCancellationRequested;
        source.Cancel();
    }
}
