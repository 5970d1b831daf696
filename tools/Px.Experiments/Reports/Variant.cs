using Px.Experiments.Grids;
using Px.Experiments.Reports.Html;
using Px.Experiments.Running;

namespace Px.Experiments.Reports;

/// <summary>A method with those of its settings that a grid varies.</summary>
public sealed record Variant(string Method, int? Rounds, double MinimumDensity, string ScoredOn = ScoredSamples.Own)
{
    public bool IsDense => Method == Cell.Dense;

    /// <summary><c>, floor 1 %</c>; empty where there is none.</summary>
    public string Floor => MinimumDensity > 0 ? $", floor {Words.Share(MinimumDensity)}" : "";

    /// <summary><c>, on noise</c>; empty where it scored on its own samples.</summary>
    public string Samples => ScoredOn == ScoredSamples.Own ? "" : $", on {ScoredOn}";

    public static Variant Of(Cell cell) => new(cell.Method, cell.Rounds, cell.MinimumDensity, cell.ScoredOn);
}
