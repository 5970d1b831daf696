using Px.Experiments.Grids;
using Px.Experiments.Reports.Html;
using Px.Experiments.Results;

namespace Px.Experiments.Reports.Sections;

/// <summary>What was run, by what, and how to run it again.</summary>
public static class RunSection
{
    private const int Most = 8;

    public static Section Build(ResultSet results)
    {
        var all = results.Results.Select(found => found.Result).ToList();
        Markup[] tables =
        [
            Facts("Settings of all cells", Shared(all, result => result.Settings)),
            Facts("Settings that differ", Differing(all, result => result.Settings)),
            Facts("Computed by", Shared(all, result => result.Versions).Concat(Differing(all, result => result.Versions))),
            Facts("Data, SHA-256", all.GroupBy(result => result.Cell.Data).SelectMany(data => data.Select(result => result.DataHash).Distinct().Select(hash => (data.Key, hash)))),
        ];
        return new Section("run", "What was run", Markup.Of($"{Command(all)}<div class=\"facts\">{tables}</div>\n{Problems(results.Problems)}"), []);
    }

    /// <summary>What was run of a study, in a sentence.</summary>
    public static string Sentence(Study study)
    {
        var seeds = study.Groups.SelectMany(group => group.Seeds).Select(result => result.Cell.Seed).Distinct().Count();
        var samples = study.Setting is { TrainSamples: { } train, TestSamples: { } test } ? $", {Words.Count(train)} training and {Words.Count(test)} test samples" : "";
        var methods = study.Series.DistinctBy(series => series.Variant.Method).Count();
        return $"{study.Setting.Model} on {study.Setting.Data}, {Initialization(study.Setting)}: {Words.Count(methods, "method")}, "
            + $"{(study.Sparsities.Count > 0 ? $"{Words.List([.. study.Sparsities.Select(Words.Share)])} of the weights removed" : "nothing removed")}, {Words.Count(seeds, "seed")}, "
            + $"{(study.IsTrained ? Words.Count(study.Setting.Epochs, "epoch") : "not trained")}{samples}{(study.Dense is null ? "; no dense network to compare with" : "")}.";
    }

    private static string Initialization(Cell setting) => setting.Initialization == Cell.FromScratch ? "weights drawn" : $"weights of {setting.Initialization}";

    private static Markup Command(IReadOnlyList<CellResult> results)
    {
        var protocols = results.Select(result => result.Protocol).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        if (protocols.Count == 0)
            return Markup.Empty;
        const string Program = "dotnet run -c Release --project tools/Px.Experiments --";
        var lines = protocols.Select(protocol => Markup.Of($"{Program} sweep --protocol {protocol} --output results\n"));
        return Markup.Of($"<pre class=\"command\"><code>{lines}{Program} report results --output report.html</code></pre>\n");
    }

    private static Markup Facts(string title, IEnumerable<(string Name, string Value)> facts) =>
        facts.ToList() is { Count: > 0 } all
            ? Markup.Of($"<div><h3>{title}</h3><dl>{all.Select(fact => Markup.Of($"<dt>{fact.Name}</dt><dd>{fact.Value}</dd>"))}</dl></div>\n")
            : Markup.Empty;

    private static IEnumerable<(string Name, string Value)> Shared(IReadOnlyList<CellResult> results, Func<CellResult, IReadOnlyDictionary<string, string>> of) =>
        of(results[0]).Where(pair => results.All(result => of(result).TryGetValue(pair.Key, out var value) && value == pair.Value))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value));

    private static IEnumerable<(string Name, string Value)> Differing(IReadOnlyList<CellResult> results, Func<CellResult, IReadOnlyDictionary<string, string>> of)
    {
        var shared = Shared(results, of).Select(pair => pair.Name).ToHashSet();
        foreach (var name in results.SelectMany(result => of(result).Keys).Distinct().Where(name => !shared.Contains(name)).Order(StringComparer.Ordinal))
        {
            var values = results.Where(result => of(result).ContainsKey(name)).GroupBy(result => of(result)[name], result => result.Method).OrderBy(value => value.Key, StringComparer.Ordinal).ToList();
            yield return (name, values.Count > Most
                ? $"{Words.Count(values.Count)} values, from {values[0].Key} to {values[^1].Key}"
                : string.Join("; ", values.Select(value => $"{value.Key} ({Of(value, results.Where(result => of(result).ContainsKey(name)))})")));
        }
    }

    private static string Of(IEnumerable<string> methods, IEnumerable<CellResult> all)
    {
        var distinct = methods.Distinct().Order(StringComparer.Ordinal).ToList();
        return distinct.Count == all.Select(result => result.Method).Distinct().Count() ? "all methods" : Words.List(distinct);
    }

    private static Markup Problems(IReadOnlyList<Problem> problems) =>
        problems.Count == 0
            ? Markup.Empty
            : Markup.Of($"<aside class=\"problems\"><h3>Not shown</h3><ul>{problems.Select(problem => Markup.Of($"<li><code>{problem.File}</code> {problem.Reason}</li>"))}</ul></aside>\n");
}
