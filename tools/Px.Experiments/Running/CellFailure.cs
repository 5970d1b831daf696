using Px.Experiments.Grids;

namespace Px.Experiments.Running;

/// <summary>Why a cell cannot be run: a file that keeps sweeps from trying again and again.</summary>
/// <param name="Name">The cell's name.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Error">What was said.</param>
/// <param name="When">When, in UTC.</param>
public sealed record CellFailure(string Name, Cell Cell, string Error, DateTime When);
