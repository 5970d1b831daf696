using Px.Experiments.Reports.Html;
using Px.Pruning;
using Px.Pruning.Analysis;
using Px.Runner;
using Px.Runner.Display;

namespace Px.Experiments.Comparisons;

/// <summary>Two masks: how many weights they have in common, parameter by parameter, and how many they would have by chance.</summary>
public static class MaskFiles
{
    /// <exception cref="ProgramException">The masks are over different parameters.</exception>
    public static string Compare(string a, string b)
    {
        using var first = PruningMask.Load(a);
        using var second = PruningMask.Load(b);
        try
        {
            var comparison = MaskComparison.Of([KeyValuePair.Create("A", first), KeyValuePair.Create("B", second)]);
            var table = new TextTable("parameter", "kept in A", "kept in B", "in both", "overlap", "by chance", "Jaccard");
            foreach (var name in comparison.Parameters)
                table.Add(Row(name, comparison[name, 0, 1]));
            table.Add(Row("all", comparison[0, 1]));
            return $"A: {a}\nB: {b}\n\n{table}";
        }
        catch (ArgumentException e)
        {
            throw new ProgramException(e.Message, e);
        }
    }

    private static string[] Row(string name, MaskPair pair) =>
    [
        name, Words.Count(pair.FirstKept), Words.Count(pair.SecondKept), Words.Count(pair.Common), Words.Percent(pair.Overlap), Words.Percent(pair.ExpectedOverlap), Words.Percent(pair.Jaccard),
    ];
}
