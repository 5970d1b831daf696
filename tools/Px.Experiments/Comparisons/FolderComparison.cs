using System.Text.Json;
using Px.Experiments.Grids;
using Px.Experiments.Reports;
using Px.Experiments.Reports.Html;
using Px.Experiments.Results;

namespace Px.Experiments.Comparisons;

/// <summary>Two folders of results: the networks that both have, by all settings but those that a whole folder has otherwise than the other.</summary>
public sealed class FolderComparison
{
    // What is measured beside the accuracy does not tell networks apart.
    private static readonly string[] Beside = ["seed", "spectrumSamples", "timingRepeats"];

    private readonly Dictionary<string, string> settings = [];

    public FolderComparison(ResultSet a, ResultSet b)
    {
        var (first, second) = (Describe(a), Describe(b));
        var names = first.Concat(second).SelectMany(result => result.Cell.Keys).Distinct().Except(Beside).ToList();
        var otherwise = names.Where(name => Only(first, name) is { } x && Only(second, name) is { } y && x != y).ToList();
        foreach (var name in otherwise)
            settings[name] = $"{Only(first, name)} | {Only(second, name)}";
        var keys = names.Except(otherwise).ToList();
        var varying = keys.Where(name => name is not ("method" or "sparsity") && first.Concat(second).Select(result => result.Cell[name]).Distinct().Count() > 1).ToList();
        var (groupsA, groupsB) = (Group(first, keys), Group(second, keys));
        Rows = [.. groupsA.Where(group => groupsB.ContainsKey(group.Key)).Select(group => new ComparedRow(Name(group.Value[0], varying), BySeed(group.Value), BySeed(groupsB[group.Key])))];
        OnlyInA = [.. groupsA.Where(group => !groupsB.ContainsKey(group.Key)).Select(group => Name(group.Value[0], varying))];
        OnlyInB = [.. groupsB.Where(group => !groupsA.ContainsKey(group.Key)).Select(group => Name(group.Value[0], varying))];
        foreach (var (key, group) in groupsA)
        {
            foreach (var (x, y) in from x in @group from y in groupsB.GetValueOrDefault(key) ?? [] where x.Result.Cell.Seed == y.Result.Cell.Seed select (x.Result, y.Result))
                NoteDifferences(x, y);
        }
    }

    public IReadOnlyList<ComparedRow> Rows { get; }

    public IReadOnlyList<string> OnlyInA { get; }

    public IReadOnlyList<string> OnlyInB { get; }

    /// <summary>Settings, versions and data that are not the same in both, by name: <c>first | second</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings => settings;

    private void NoteDifferences(CellResult a, CellResult b)
    {
        if (a.DataHash != b.DataHash)
            settings.TryAdd("data hash", $"{a.DataHash} | {b.DataHash}");
        foreach (var (x, y) in new[] { (a.Settings, b.Settings), (a.Versions, b.Versions) })
        {
            foreach (var name in x.Keys.Union(y.Keys).Where(name => x.GetValueOrDefault(name) != y.GetValueOrDefault(name)))
                settings.TryAdd(name, $"{x.GetValueOrDefault(name) ?? "none"} | {y.GetValueOrDefault(name) ?? "none"}");
        }
    }

    private static List<Described> Describe(ResultSet set) =>
    [
        .. set.Results.Select(found => new Described(
            found.Result, JsonSerializer.SerializeToNode(found.Result.Cell, JsonSerializerOptions.Web)!.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value?.ToString() ?? "the recipe's"))),
    ];

    // The dense network has no rounds and removes nothing, whatever the others do.
    private static string? Only(List<Described> results, string name)
    {
        var values = results.Where(result => result.Result.Cell.Method != Cell.Dense || name is not ("sparsity" or "rounds" or "minimumDensity")).Select(result => result.Cell[name]).Distinct().ToList();
        return values.Count == 1 && name is not ("method" or "sparsity") ? values[0] : null;
    }

    private static Dictionary<string, List<Described>> Group(List<Described> results, List<string> keys) =>
        results.GroupBy(result => string.Join('\n', keys.Select(key => result.Cell[key]))).ToDictionary(group => group.Key, group => group.ToList());

    private static Dictionary<int, double> BySeed(List<Described> results) =>
        results.DistinctBy(result => result.Result.Cell.Seed).ToDictionary(result => result.Result.Cell.Seed, result => result.Result.Training.After);

    private static string Name(Described result, List<string> varying) =>
        (result.Result.Cell.Method == Cell.Dense ? result.Result.Method : $"{result.Result.Method} {Words.Share(result.Result.Cell.Sparsity)}") + string.Concat(varying.Select(name => $", {name} {result.Cell[name]}"));

    private sealed record Described(CellResult Result, IReadOnlyDictionary<string, string> Cell);
}
