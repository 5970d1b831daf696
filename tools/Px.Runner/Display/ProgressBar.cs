using System.Globalization;

namespace Px.Runner.Display;

/// <summary>How far a task is, its rate and the time left: redrawn in place on a terminal, an occasional line elsewhere. Gone when disposed.</summary>
public sealed class ProgressBar : IDisposable
{
    private const int Cells = 24;
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(20);

    private readonly Terminal terminal;
    private readonly string label;
    private readonly string unit;
    private readonly long total;
    private readonly long started;
    private readonly bool pinned;
    private TimeSpan shown;
    private (long Done, string Note) last = (0, "");

    /// <summary>Starts at none done.</summary>
    /// <param name="terminal">Where it is drawn.</param>
    /// <param name="label">What is being done.</param>
    /// <param name="unit">What is counted, in the plural.</param>
    /// <param name="total">How many there are, at least 1.</param>
    /// <param name="above">Whether it stays above the bars of the task's parts.</param>
    public ProgressBar(Terminal terminal, string label, string unit, long total, bool above = false)
    {
        (this.terminal, this.label, this.unit, this.total, pinned) = (terminal, label, unit, total, above);
        started = terminal.Clock.GetTimestamp();
        if (pinned)
            terminal.Pin(() => Describe(last.Done, terminal.Clock.GetElapsedTime(started), last.Note));
        else if (terminal.IsInteractive)
            terminal.Redraw(Describe(0, TimeSpan.Zero, ""));
    }

    /// <summary>Says that <paramref name="done"/> of them are finished; cheap enough to be called for every one.</summary>
    public void Report(long done, string note = "")
    {
        last = (done, note);
        if (pinned || !(terminal.IsInteractive || terminal.SaysProgress))
            return;
        var elapsed = terminal.Clock.GetElapsedTime(started);
        var wait = terminal.IsInteractive ? RedrawEvery : LineEvery;
        if (elapsed - shown < wait)
            return;
        shown = elapsed;
        if (terminal.IsInteractive)
            terminal.Redraw(Describe(done, elapsed, note));
        else
            terminal.WriteLine(Describe(done, elapsed, note));
    }

    /// <summary>Erases the bar, so that the result can take its place.</summary>
    public void Dispose()
    {
        if (pinned)
            terminal.Pin(null);
        else
            terminal.Erase();
    }

    private string Describe(long done, TimeSpan elapsed, string note)
    {
        var fraction = Math.Clamp((double)done / total, 0, 1);
        var bar = new string('#', (int)(fraction * Cells)).PadRight(Cells, '.');
        var text = string.Create(CultureInfo.InvariantCulture, $"{label} [{bar}] {100 * fraction,3:F0} %");
        if (done > 0 && elapsed > TimeSpan.Zero)
        {
            var rate = done / elapsed.TotalSeconds;
            var left = TimeSpan.FromSeconds(Math.Max(0, total - done) / rate);
            text += string.Create(CultureInfo.InvariantCulture, $"  {Rate(rate)}, {Durations.Clock(left)} left");
        }

        return note.Length == 0 ? text : $"{text}, {note}";
    }

    // What takes long is counted by the minute or the hour.
    private string Rate(double rate) => rate switch
    {
        < 1.0 / 60 => string.Create(CultureInfo.InvariantCulture, $"{3600 * rate:F1} {unit}/h"),
        < 0.1 => string.Create(CultureInfo.InvariantCulture, $"{60 * rate:F1} {unit}/min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{rate.ToString(rate < 10 ? "F1" : "N0", CultureInfo.InvariantCulture)} {unit}/s"),
    };
}
