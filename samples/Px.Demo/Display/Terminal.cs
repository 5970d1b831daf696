namespace Px.Demo.Display;

/// <summary>Where the demo writes: a terminal, on which a line can be redrawn, or a file or pipe, on which it cannot.</summary>
internal sealed class Terminal(TextWriter output, bool isInteractive, int width, TimeProvider clock)
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
        return new Terminal(Console.Out, interactive, width > 0 ? width : UsualWidth, TimeProvider.System);
    }

    public void WriteLine(string text = "") => output.WriteLine(text);

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
