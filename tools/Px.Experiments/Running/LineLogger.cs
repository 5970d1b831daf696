using System.Globalization;
using Microsoft.Extensions.Logging;
using Px.Runner;
using Px.Runner.Display;

namespace Px.Experiments.Running;

/// <summary>Writes what is logged as lines: to a file all of it, to the terminal what matters.</summary>
/// <param name="terminal">The terminal.</param>
/// <param name="least">What matters enough for it.</param>
/// <param name="file">The file, which is appended to; null for none.</param>
public sealed class LineLogger(Terminal terminal, LogLevel least, string? file) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= (file is null ? least : LogLevel.Information);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var message = formatter(state, exception);
        if (logLevel >= least)
            terminal.WriteError(logLevel >= LogLevel.Warning ? $"warning: {message}" : message);
        if (file is null)
            return;
        try
        {
            File.AppendAllText(file, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:s}Z {logLevel.ToString().ToLowerInvariant()} {message}\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"--log '{file}' cannot be written: {e.Message}", e);
        }
    }
}
