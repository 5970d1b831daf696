namespace Px.Samples.Display;

/// <summary>Where a program writes: a terminal, on which a line can be redrawn, or a file or pipe, on which it cannot.</summary>
/// <param name="output">What it writes to.</param>
/// <param name="isInteractive">Whether a line can be redrawn.</param>
/// <param name="width">Characters on a line.</param>
/// <param name="clock">What progress is timed with.</param>
/// <param name="errors">Where errors go; null for <paramref name="output"/>.</param>
public sealed class Terminal(TextWriter output, bool isInteractive, int width, TimeProvider clock, TextWriter? errors = null)
{
    private const int UsualWidth = 80;

    public bool IsInteractive { get; } = isInteractive;

    /// <summary>Characters that fit on a line without the terminal starting a new one.</summary>
    public int Width { get; } = width - 1;

    public TimeProvider Clock { get; } = clock;

    /// <summary>The process's own standard output.</summary>
    public static Terminal Standard()
    {
        var interactive = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        var width = interactive ? Console.WindowWidth : UsualWidth;
        return new Terminal(Console.Out, interactive, width > 0 ? width : UsualWidth, TimeProvider.System, Console.Error);
    }

    public void WriteLine(string text = "") => output.WriteLine(text);

    public void WriteError(string text) => (errors ?? output).WriteLine(text);

    /// <summary>Replaces the current line, which stays open. Only where <see cref="IsInteractive"/>.</summary>
    public void Redraw(string text)
    {
        output.Write($"\r{(text.Length > Width ? text[..Width] : text.PadRight(Width))}");
        output.Flush();
    }

    /// <summary>Empties the current line. Only where <see cref="IsInteractive"/>.</summary>
    public void Erase()
    {
        output.Write($"\r{new string(' ', Width)}\r");
        output.Flush();
    }
}
