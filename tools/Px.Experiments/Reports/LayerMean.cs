namespace Px.Experiments.Reports;

/// <summary>What is left of a layer, in the mean over seeds.</summary>
public sealed record LayerMean(string Name, double Density, double UnitsAlive, double Units, double? UnitsEffective)
{
    /// <summary>The layers of a group, in the model's order.</summary>
    public static IReadOnlyList<LayerMean> Of(Group group) =>
    [
        .. group.Outcomes.SelectMany(outcome => outcome.Layers).GroupBy(layer => layer.Name).Select(layer => new LayerMean(
            Bare(layer.Key),
            layer.Average(seed => seed.Total == 0 ? 1 : (double)seed.Kept / seed.Total),
            layer.Average(seed => (double)seed.UnitsAlive),
            layer.Average(seed => (double)seed.Units),
            layer.All(seed => seed.UnitsEffective is not null) ? layer.Average(seed => seed.UnitsEffective) : null)),
    ];

    /// <summary>A parameter's name without what all have in common.</summary>
    public static string Bare(string name) => name.EndsWith(".weight", StringComparison.Ordinal) ? name[..^".weight".Length] : name;
}
