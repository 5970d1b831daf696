namespace Px.Pruning.Models.StateDicts.Pickle;

// In place of a class or function that is not known, and of whatever it would have made. It does nothing and holds nothing.
internal sealed record PickleOpaque(string Name);
