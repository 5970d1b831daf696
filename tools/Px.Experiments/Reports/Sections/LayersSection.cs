using Px.Experiments.Reports.Charts;
using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;

namespace Px.Experiments.Reports.Sections;

/// <summary>Where the kept weights lie: output units and density, layer by layer.</summary>
public static class LayersSection
{
    public static Section? Build(ResultSet results) => Section.OfStudies(
        "layers", "Where the kept weights lie",
        Markup.Of($"<p class=\"hint\">A bar is a layer, input first, as high as it has output units (channels) with a kept weight, in front of all that it has; × marks an emptied layer. Means over seeds.</p>\n"),
        results, Build);

    private static (Markup, IReadOnlyList<DataTable>)? Build(Study study)
    {
        if (!study.Groups.Any(group => group.Outcomes.Any(outcome => outcome.Layers.Count > 0)))
            return null;
        var parts = study.Sparsities.Select(sparsity => (Sparsity: sparsity, Groups: study.At(sparsity).Select(group => (group.Series, Layers: LayerMean.Of(group))).Where(group => group.Layers.Count > 0).ToList()));
        var shown = parts.Where(part => part.Groups.Count > 0).Reverse().Select((part, i) => Part(study, part.Sparsity, part.Groups, isOpen: i == 0));
        return (Markup.Join(shown), [Table(study)]);
    }

    // Where most is removed layers differ most: that is open, the others open where they are asked for.
    private static Markup Part(Study study, double sparsity, List<(Series Series, IReadOnlyList<LayerMean> Layers)> groups, bool isOpen)
    {
        var outline = $"units {study.Name} {sparsity}";
        return Markup.Of(
            $"""
            <details{Markup.Trusted(isOpen ? " open" : "")}><summary>Output units, {Words.Share(sparsity)} removed</summary>
            {UnitBars.Outline(outline, groups[0].Layers)}<div class="minis">{groups.Select(group => UnitBars.ToMarkup(group.Series, group.Layers, outline))}</div></details>
            {Section.Numbers($"Density of each layer, {Words.Share(sparsity)} removed", Densities(sparsity, groups))}
            """);
    }

    private static Markup Densities(double sparsity, List<(Series Series, IReadOnlyList<LayerMean> Layers)> groups)
    {
        var names = groups.SelectMany(group => group.Layers.Select(layer => layer.Name)).Distinct().ToList();
        return HeatTable.ToMarkup(
            $"Weights kept in each layer, %, where {Words.Share(sparsity)} are removed in all: darker is denser, on a logarithmic scale", names.Select(name => Markup.Of($"{name}")),
            groups.Select(group => (group.Series, names.Select(name => group.Layers.FirstOrDefault(layer => layer.Name == name) is { } layer ? Heat(layer) : null))));
    }

    // From a thousandth, which is hardly coloured, to all.
    private static HeatCell Heat(LayerMean layer) => new(
        layer.Density == 0 ? "0" : 100 * layer.Density is var percent && percent >= 10 ? Words.Count(Math.Round(percent)) : Words.Number(Math.Round(percent, percent >= 1 ? 1 : 2)),
        layer.Density == 0 ? 0 : Math.Max(0.02, 1 + (Math.Log10(layer.Density) / 3)), layer.Density) { IsAlarming = layer.Density == 0 };

    private static DataTable Table(Study study)
    {
        var table = new DataTable(
            study, "layers", "Layers", Column.OfText("Method", "method"), new("Removed", "sparsity"), new("Seed", "seed"), Column.OfText("Layer", "layer"), new("Kept", "kept"), new("Total", "total"),
            new("Effective", "effective"), new("Units alive", "units_alive"), new("Units", "units"), new("Units on a path", "units_effective"));
        foreach (var group in study.Groups)
        {
            foreach (var seed in group.Seeds)
            {
                foreach (var layer in seed.Pruning?.Layers ?? [])
                {
                    table.Add(
                        group.Series, DataCell.Of(group.Sparsity, Words.Share), seed.Cell.Seed, layer.Name, DataCell.Of(layer.Kept, Words.Count), DataCell.Of(layer.Total, Words.Count),
                        DataCell.Of(layer.Effective, Words.Count), DataCell.Of(layer.UnitsAlive, Words.Count), DataCell.Of(layer.Units, Words.Count), DataCell.Of(layer.UnitsEffective, Words.Count));
                }
            }
        }

        return table;
    }
}
