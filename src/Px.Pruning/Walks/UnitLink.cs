namespace Px.Pruning.Walks;

/// <summary>What lies at the other end of a connection without weights: a unit at another port of the network.</summary>
/// <param name="Port">Seen from a source a target, seen from a target a source; numbered as <see cref="UnitProbe"/> does.</param>
/// <param name="Unit">The channel or feature there.</param>
internal readonly record struct UnitLink(int Port, int Unit);
