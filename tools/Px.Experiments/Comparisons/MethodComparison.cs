using Px.Experiments.Grids;
using Px.Experiments.Reports;
using Px.Experiments.Reports.Html;
using Px.Runner.CommandLines;

namespace Px.Experiments.Comparisons;

/// <summary>Two methods of one folder: the same network, data, training and sparsity.</summary>
public static class MethodComparison
{
    /// <summary>The pairs, study by study.</summary>
    /// <exception cref="UsageException">A method is not there.</exception>
    public static IEnumerable<ComparedRow> Of(ResultSet results, string a, string b)
    {
        foreach (var method in new[] { a, b })
        {
            if (!results.Results.Any(found => Is(found.Result.Cell.Method, found.Result.Method, method)))
                throw new UsageException($"--methods: there is no '{method}'; there are {Words.List([.. results.Methods])}");
        }

        return from study in results.Studies
               from sparsity in study.Sparsities
               from x in Groups(study, sparsity, a)
               from y in Groups(study, sparsity, b)
               where Match(x, y) || (Groups(study, sparsity, a).Count == 1 && Groups(study, sparsity, b).Count == 1)
               select new ComparedRow(Name(results, study, sparsity, x, y), x.AfterBySeed, y.AfterBySeed)
               {
                   More = [new MaskPairs([x, y])[0, 1] is { } pair ? $"{Words.Percent(pair.Overlap)} ({Words.Percent(pair.ByChance)})" : "-"],
               };
    }

    private static List<Group> Groups(Study study, double sparsity, string method) =>
        Is(Cell.Dense, Cell.Dense, method) && study.Dense is { } dense ? [dense] : [.. study.At(sparsity).Where(group => Is(group.Series.Variant.Method, group.Series.Method, method))];

    // As command lines or the literature write it.
    private static bool Is(string name, string title, string asked) => name.Equals(asked, StringComparison.OrdinalIgnoreCase) || title.Equals(asked, StringComparison.OrdinalIgnoreCase);

    private static bool Match(Group x, Group y) => x.Series.Variant with { Method = y.Series.Variant.Method } == y.Series.Variant;

    private static string Name(ResultSet results, Study study, double sparsity, Group x, Group y)
    {
        var rounds = x.Series.Label != x.Series.Method && Match(x, y) && x.Series.Variant.Rounds is { } count ? $", T = {Words.Count(count)}" : "";
        return $"{Words.Share(sparsity)} removed{rounds}{(results.Studies.Count > 1 ? $", {study.Name}" : "")}";
    }
}
