using System.Text;

namespace Px.Experiments.Reports.Html;

/// <summary>A piece of HTML. What is put into <c>Markup.Of($"…")</c> is escaped; the text around it is the program's own.</summary>
public sealed class Markup
{
    private readonly string text;

    private Markup(string text) => this.text = text;

    public static Markup Empty { get; } = new("");

    /// <summary>HTML from an interpolated string: its literal parts as they are, its values escaped, except values that are markup.</summary>
    public static Markup Of(MarkupText text) => new(text.ToString());

    /// <summary>HTML from a file of the program's own.</summary>
    public static Markup Trusted(string text) => new(text);

    /// <summary>Pieces one after the other.</summary>
    public static Markup Join(IEnumerable<Markup> pieces) => new(pieces.Aggregate(new StringBuilder(), (text, piece) => text.Append(piece.text)).ToString());

    public override string ToString() => text;
}
