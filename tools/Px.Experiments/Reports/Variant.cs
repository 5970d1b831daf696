using Px.Experiments.Grids;

namespace Px.Experiments.Reports;

/// <summary>A method with those of its settings that a grid varies.</summary>
public sealed record Variant(string Method, int? Rounds, double MinimumDensity)
{
    public bool IsDense => Method == Cell.Dense;

    public static Variant Of(Cell cell) => new(cell.Method, cell.Rounds, cell.MinimumDensity);
}
