using Px.Pruning.Engine.Wiring;
using Px.Pruning.Reporting;
using static Px.Pruning.Reporting.TextTable;

namespace Px.Pruning.Analysis;

/// <summary>Lists what is wrong with a pruned network, and what to do about it.</summary>
public sealed class Diagnosis
{
    private const int FewUnits = 20, FewestUnits = 4, FewDeadWeights = 100, Listed = 10;

    private const string Floor = "Prune less, in more rounds, with a floor for every layer (PruningScope.WithMinimumDensity(0.01)), or in "
        + "another scope (PruningScope.ErdosRenyiKernel).";

    private readonly string? pathsUnknown;

    private Diagnosis(IReadOnlyList<Finding> findings, string? pathsUnknown) => (Findings, this.pathsUnknown) = (findings, pathsUnknown);

    /// <summary>The problems found, the worst first; empty for a sound network.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>Whether no problem was found, as far as the paths are known.</summary>
    public bool IsSound => Findings.Count == 0;

    /// <summary>Returns the findings, a line each, or a line about what their absence means. Lines end in <c>\n</c>.</summary>
    public override string ToString() => string.Concat(Findings.Select(finding => $"- {finding}\n")) + (pathsUnknown, IsSound) switch
    {
        (null, true) => "Sound: paths lead through every layer, every output is reached, and hardly a kept weight lies on no path.\n",
        (null, false) => "",
        (_, true) => $"No layer is empty or nearly so. Whether its kept weights lie on paths is not known: {pathsUnknown}\n",
        _ => $"Whether kept weights lie on paths is not known: {pathsUnknown}\n",
    };

    internal static Diagnosis Of(IReadOnlyList<LayerAnalysis> layers, PathFacts paths)
    {
        var byName = layers.ToDictionary(layer => layer.Name);
        var used = layers.Where(layer => paths.Used.Contains(layer.Name)).ToList();
        var few = used.Where(IsFew).Select(NearlyCollapsed);
        var unused = layers.Where(layer => layer.Kept > 0).Except(used).Select(Unused);
        if (paths.DeadOutputs is not { } dead)
            return new([.. used.Where(IsCollapsed).Select(layer => Empty([layer], Bypass.None)), .. few, .. unused], paths.Unknown);
        if (dead.Count == paths.Outputs) return new([Cut(used, dead.Count, paths.Cut), .. unused], null);
        return new(
        [
            .. paths.Empty.Select(series => Empty([.. series.Layers.Select(name => byName[name])], series.Bypass))
                .OrderBy(finding => finding.Kind),
            .. few,
            .. DeadOutputs(dead, paths.Outputs!.Value),
            .. DeadWeights(used),
            .. unused,
        ], null);
    }

    private static bool IsCollapsed(LayerAnalysis layer) => layer is { Kept: 0, Total: > 0 };

    private static bool IsFew(LayerAnalysis layer)
    {
        long left = layer.UnitsEffective ?? layer.UnitsAlive;
        return left > 0 && layer.Units >= FewestUnits && (left == 1 || left * FewUnits <= layer.Units);
    }

    private static Finding Found(
        FindingKind kind, IEnumerable<LayerAnalysis> layers, long count, long of, string problem, string remedy = Floor) => new()
    {
        Kind = kind, Layers = [.. layers.Select(layer => layer.Name)], Count = count, Of = of, Problem = problem, Remedy = remedy,
    };

    private static Finding Cut(IReadOnlyList<LayerAnalysis> layers, long outputs, string cut)
    {
        var empty = layers.Where(IsCollapsed).ToList();
        string why = empty.Count > 0
            ? $"No weight is left in {Names(empty)}."
            : "No layer is empty, but what one layer keeps does not meet what the next one keeps.";
        return Found(FindingKind.CutNetwork, empty, outputs, outputs,
            $"Input and output are not connected: {cut}. {why}");
    }

    private static Finding Empty(IReadOnlyList<LayerAnalysis> series, Bypass bypass)
    {
        var empty = series.Where(layer => layer.Kept == 0).ToList();
        string why = empty.Count > 0 ? $"no weight is left in {Names(empty)}" : "its kept weights lie on no path";
        string names = string.Join(" → ", series.Select(layer => layer.Name));
        var (kind, problem) = bypass switch
        {
            Bypass.Branch => (FindingKind.CutBranch,
                $"The branch {names} carries nothing: {why}. The network goes round it, as if it had fewer layers."),
            Bypass.Shortcut => (FindingKind.CutShortcut,
                $"The shortcut {names} carries nothing: {why}. All that should go round its block must pass through it."),
            _ => (FindingKind.CollapsedLayer, $"{names} carries nothing: {why}."),
        };
        // A floor keeps weights of this layer, and none of those that read what it passes on.
        string remedy = empty.Count > 0
            ? Floor
            : $"{Floor} If that does not help, leave the layers and what reads them out of pruning: ParameterSelection.Excluding.";
        return Found(kind, series, series.Sum(layer => layer.Kept), series.Sum(layer => layer.Total), problem, remedy);
    }

    private static Finding NearlyCollapsed(LayerAnalysis layer)
    {
        long left = layer.UnitsEffective ?? layer.UnitsAlive;
        return Found(FindingKind.NearlyCollapsedLayer, [layer], left, layer.Units,
            $"{layer.Name} has nearly collapsed: all that it passes on goes through {Number(left)} of its {Number(layer.Units)} output "
            + "units.");
    }

    private static IEnumerable<Finding> DeadOutputs(IReadOnlyList<long> dead, long outputs) => dead.Count == 0 ? [] :
    [
        Found(FindingKind.DeadOutputs, [], dead.Count, outputs,
            $"{Number(dead.Count)} of {Number(outputs)} outputs answer the same to every input, since no path reaches them: {List(dead)}.",
            $"{Floor} ParameterSelection.Excluding leaves a classifier out of pruning."),
    ];

    private static IEnumerable<Finding> DeadWeights(IReadOnlyList<LayerAnalysis> layers)
    {
        long kept = layers.Sum(layer => layer.Kept), dead = layers.Sum(layer => layer.Kept - layer.Effective!.Value);
        if (dead == 0 || dead * FewDeadWeights < kept) yield break;
        var concerned = layers.Where(layer => layer.Kept > layer.Effective).ToList();
        var most = concerned.OrderByDescending(layer => layer.Kept - layer.Effective).Take(3)
            .Select(layer => $"{layer.Name} ({Number(layer.Kept - layer.Effective)} of {Number(layer.Kept)})");
        yield return Found(FindingKind.DeadWeights, concerned, dead, kept,
            $"{Number(dead)} of {Number(kept)} kept weights ({Percent((double)dead / kept)}) lie on no path from input to output, most "
            + $"of them in {string.Join(", ", most)}. They pass on constants at most.",
            "Prune in more rounds, which take what the rounds before have cut off, or less, or in another scope "
            + "(PruningScope.ErdosRenyiKernel).");
    }

    private static Finding Unused(LayerAnalysis layer) => Found(FindingKind.UnusedLayer, [layer], layer.Kept, layer.Total,
        $"The forward pass does not use {layer.Name}, of which {Number(layer.Kept)} weights are kept.",
        "Leave it out of pruning: ParameterSelection.Excluding.");

    private static string Names(IReadOnlyList<LayerAnalysis> layers) => List(layers.Select(layer => layer.Name).ToList());

    private static string List<T>(IReadOnlyList<T> items) =>
        string.Join(", ", items.Take(Listed)) + (items.Count > Listed ? $" and {Number(items.Count - Listed)} more" : "");
}

// What is known of a network's paths. Unknown is the reason why nothing is known, or null. Used are the weights that the forward pass uses,
// as far as known. Outputs and DeadOutputs, those that no path reaches, are null where paths are unknown. Empty are the series of layers
// that carry nothing.
internal sealed record PathFacts(
    string? Unknown, IReadOnlySet<string> Used, long? Outputs, IReadOnlyList<long>? DeadOutputs, IReadOnlyList<EmptySeries> Empty)
{
    internal string Cut { get; init; } = ReportFacts.Dead;
}

internal sealed record EmptySeries(IReadOnlyList<string> Layers, Bypass Bypass);
