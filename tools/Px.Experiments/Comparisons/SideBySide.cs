using Px.Experiments.Reports.Html;
using Px.Runner;
using Px.Runner.Display;

namespace Px.Experiments.Comparisons;

/// <summary>Pairs of networks in a table, and what it says.</summary>
/// <param name="a">What the first of each pair is called.</param>
/// <param name="b">What the second of each pair is called.</param>
/// <param name="rows">The pairs.</param>
public sealed class SideBySide(string a, string b, IReadOnlyList<ComparedRow> rows)
{
    /// <summary>Titles of <see cref="ComparedRow.More"/>.</summary>
    public IReadOnlyList<string> MoreColumns { get; init; } = [];

    /// <summary>The table, and a line that counts.</summary>
    public override string ToString()
    {
        var table = new TextTable(["network", "seeds", a, b, "difference", "exceeds spread", .. MoreColumns]);
        foreach (var row in rows)
            table.Add(row.Cells);
        var beyond = rows.Where(row => row.Difference is { ExceedsSpread: true }).ToList();
        var ahead = beyond.Count(row => row.Difference!.Mean > 0);
        return $"{table}\n\nOf {Words.Count(rows.Count, "pair")}, {b} is ahead by more than the spread over seeds in {ahead}, behind in {beyond.Count - ahead}. Differences are {b} less {a}, in percentage points, over common seeds.";
    }

    /// <summary>Fails where the second of a pair is too far below the first.</summary>
    /// <param name="points">Percentage points.</param>
    /// <exception cref="ProgramException">One is; the message names the worst.</exception>
    public void RequireNoneBelow(double points)
    {
        var below = rows.Where(row => row.Difference is { } difference && -100 * difference.Mean > points).OrderBy(row => row.Difference!.Mean).ToList();
        if (below.Count > 0)
            throw new ProgramException($"{Words.Count(below.Count, "pair")} with {b} more than {Words.Exact(points)} points below {a}, the worst by {Words.Distance(below[0].Difference!.Mean)}: {below[0].Name}.");
    }
}
