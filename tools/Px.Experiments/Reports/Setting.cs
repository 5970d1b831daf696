using Px.Experiments.Grids;
using Px.Experiments.Reports.Html;
using Px.Experiments.Running;

namespace Px.Experiments.Reports;

/// <summary>What the cells of a study have in common.</summary>
public static class Setting
{
    private const int Main = 3;

    private static readonly (string Name, Func<Cell, string?> Value)[] Parts =
    [
        ("model", cell => cell.Model),
        ("data", cell => cell.Data),
        ("initialisation", cell => cell.Initialization),
        ("epochs", cell => Words.Count(cell.Epochs)),
        ("batch", cell => cell.Batch is { } batch ? Words.Count(batch) : null),
        ("learning rate", cell => cell.LearningRate is { } rate ? Words.Exact(rate) : null),
        ("training samples", cell => cell.TrainSamples is { } samples ? Words.Count(samples) : null),
        ("test samples", cell => cell.TestSamples is { } samples ? Words.Count(samples) : null),
    ];

    /// <summary>The cell less what tells the cells of a study apart, and what is measured beside the accuracy.</summary>
    public static Cell Of(Cell cell) =>
        cell with { Method = Cell.Dense, Sparsity = 0, Rounds = null, MinimumDensity = 0, ScoredOn = ScoredSamples.Own, Seed = 0, SpectrumSamples = 0, TimingRepeats = 1 };

    /// <summary>Model, data and initialisation, and whatever else tells the setting from others.</summary>
    public static string Name(Cell setting, IEnumerable<Cell> all)
    {
        var extra = Parts.Skip(Main).Where(part => all.Select(part.Value).Distinct().Count() > 1).Select(part => $", {part.Name} {part.Value(setting) ?? "of the recipe"}");
        return $"{setting.Model} on {setting.Data}, {setting.Initialization} weights{string.Concat(extra)}";
    }
}
