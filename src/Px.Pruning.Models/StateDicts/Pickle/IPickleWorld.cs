namespace Px.Pruning.Models.StateDicts.Pickle;

// What a pickle can refer to beyond plain values; nothing else can be reached from it. Plain values are null, bool, long,
// BigInteger, double, string, byte[], object[] for tuples, lists of objects for lists and sets, and PickleDictionary.
internal interface IPickleWorld
{
    // What a module of Python calls by a name.
    // Throws InvalidDataException if it is not known.
    object Find(string module, string name);

    // What calling something gives.
    // Throws InvalidDataException if it cannot be called, or not so.
    object? Call(object? callable, object?[] arguments);

    // What lies outside the pickle.
    // Throws InvalidDataException if there is no such thing.
    object? Resolve(object? persistentId);
}
