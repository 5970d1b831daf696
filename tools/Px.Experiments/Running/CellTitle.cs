using System.Globalization;
using Px.Experiments.Grids;
using Px.Runner.Experiments;

namespace Px.Experiments.Running;

/// <summary>What people call a cell.</summary>
public static class CellTitle
{
    /// <summary><c>PX, 93.12 % removed, seed 1</c>; rounds where they are not the authors', and on what it scored where that is not its own samples.</summary>
    public static string Of(Cell cell) => string.Create(
        CultureInfo.InvariantCulture,
        $"{NetworkResult.TitleOf(MethodOf(cell), cell.Method == Cell.Dense ? null : cell.Sparsity)}{(cell.Rounds is { } rounds ? $", {rounds} round{(rounds == 1 ? "" : "s")}" : "")}{(cell.ScoredOn == ScoredSamples.Own ? "" : $", scored on {cell.ScoredOn}")}, seed {cell.Seed}");

    /// <summary>The method as the literature writes it.</summary>
    public static string MethodOf(Cell cell) => cell.Method == Cell.Dense ? Cell.Dense : MethodCatalog.TitleOf(cell.Method);
}
