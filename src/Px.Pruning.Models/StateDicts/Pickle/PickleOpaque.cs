namespace Px.Pruning.Models.StateDicts.Pickle;

// Stands for a class or function that is not known, and for whatever it would have made. It does nothing and holds nothing.
internal sealed record PickleOpaque(string Name);
