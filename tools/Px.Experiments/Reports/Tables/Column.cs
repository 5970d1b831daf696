namespace Px.Experiments.Reports.Tables;

/// <summary>A column.</summary>
/// <param name="Title">What the page calls it.</param>
/// <param name="Name">What the CSV file calls it.</param>
/// <param name="IsNumber">Whether it holds numbers: they stand to the right and are sorted as numbers.</param>
public sealed record Column(string Title, string Name, bool IsNumber = true)
{
    /// <summary>Whether long words of it open where they are asked for. False by default.</summary>
    public bool IsFolded { get; init; }

    /// <summary>A column of words.</summary>
    public static Column OfText(string title, string name) => new(title, name, IsNumber: false);
}
