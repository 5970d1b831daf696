namespace Px.Pruning.Models.StateDicts.Pickle;

/// <summary>Stands for a class or function that is not known, and for whatever it would have made. It does nothing and holds nothing.</summary>
internal sealed record PickleOpaque(string Name);
