using Microsoft.Extensions.Logging;

namespace Px.Pruning.Tests.Data;

internal sealed class RecordingLogger : ILogger
{
    public List<string> Warnings { get; } = [];

    public List<string> Messages { get; } = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Messages.Add(formatter(state, exception));
        if (logLevel == LogLevel.Warning) Warnings.Add(formatter(state, exception));
    }
}
