namespace Px.Runner.Display;

/// <summary>Where a program writes: a terminal, on which a line can be redrawn, or a file or pipe, on which it cannot.</summary>
/// <param name="output">What it writes to.</param>
/// <param name="isInteractive">Whether a line can be redrawn.</param>
/// <param name="width">Characters on a line.</param>
/// <param name="clock">What progress is timed with.</param>
/// <param name="errors">Where errors go; null for <paramref name="output"/>.</param>
public sealed class Terminal(TextWriter output, bool isInteractive, int width, TimeProvider clock, TextWriter? errors = null)
{
    private const int UsualWidth = 80;

    private Func<string>? pinned;
    private bool drawn;

    public bool IsInteractive { get; } = isInteractive;

    /// <summary>Characters that fit on a line without the terminal starting a new one.</summary>
    public int Width { get; } = width - 1;

    /// <summary>Whether an occasional line says how far a task is where no line can be redrawn. True by default.</summary>
    public bool SaysProgress { get; init; } = true;

    public TimeProvider Clock { get; } = clock;

    /// <summary>Where results go.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Where errors go.</summary>
    public TextWriter Errors { get; } = errors ?? output;

    /// <summary>The process's own standard output.</summary>
    public static Terminal Standard()
    {
        var interactive = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        var width = interactive ? Console.WindowWidth : UsualWidth;
        return new Terminal(Console.Out, interactive, width > 0 ? width : UsualWidth, TimeProvider.System, Console.Error);
    }

    /// <summary>The same, on which nothing says how far a task is where no line can be redrawn.</summary>
    public Terminal Quiet() => new(Output, IsInteractive, Width + 1, Clock, Errors) { SaysProgress = false };

    public void WriteLine(string text = "")
    {
        Erase();
        Output.WriteLine(text);
    }

    public void WriteError(string text)
    {
        Erase();
        Errors.WriteLine(text);
    }

    /// <summary>Replaces the current line, which stays open. Only where <see cref="IsInteractive"/>.</summary>
    public void Redraw(string text)
    {
        Draw(pinned?.Invoke(), text);
        drawn = true;
    }

    /// <summary>Empties what was drawn, if anything was.</summary>
    public void Erase()
    {
        if (!drawn)
            return;
        Draw(pinned is null ? null : "", "");
        Output.Write('\r');
        Output.Flush();
        drawn = false;
    }

    /// <summary>Keeps a line above the one that is redrawn; null for none.</summary>
    public void Pin(Func<string>? line)
    {
        Erase();
        pinned = line;
    }

    // The cursor rests on the upper line.
    private void Draw(string? above, string text)
    {
        Output.Write(above is null ? $"\r{Fit(text)}" : $"\r{Fit(above)}\n\r{Fit(text)}\e[A");
        Output.Flush();
    }

    private string Fit(string text) => text.Length > Width ? text[..Width] : text.PadRight(Width);
}
