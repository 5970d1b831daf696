namespace Px.Pruning.Models.StateDicts.Pickle;

/// <summary>What a pickle can refer to beyond plain values. Whatever is not here does not exist for it.</summary>
/// <remarks>Plain values are null, <see cref="bool"/>, <see cref="long"/>, <see cref="System.Numerics.BigInteger"/>, <see cref="double"/>, <see cref="string"/>,
/// <see cref="byte"/>[], <see cref="object"/>[] for tuples, lists of objects for lists and sets, and <see cref="PickleDictionary"/>.</remarks>
internal interface IPickleWorld
{
    /// <summary>What a module of Python calls by a name.</summary>
    /// <exception cref="InvalidDataException">It is not known.</exception>
    object Find(string module, string name);

    /// <summary>What calling something gives.</summary>
    /// <exception cref="InvalidDataException">It cannot be called, or not so.</exception>
    object? Call(object? callable, object?[] arguments);

    /// <summary>What lies outside the pickle.</summary>
    /// <exception cref="InvalidDataException">There is no such thing.</exception>
    object? Resolve(object? persistentId);
}
