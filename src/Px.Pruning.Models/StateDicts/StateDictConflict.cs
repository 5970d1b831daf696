using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

/// <summary>A tensor that does not fit the module's tensor of the same name, or two tensors with different values for one of the module's
/// tensors, which has both names.</summary>
public sealed record StateDictConflict
{
    /// <summary>The name in the state dict.</summary>
    public required string Name { get; init; }

    /// <summary>Another name of the module's tensor, under which the state dict has other values than under <see cref="Name"/>. Null, the
    /// default, where shape or kind of number is the conflict.</summary>
    public string? OtherName { get; init; }

    /// <summary>The sizes of the module's tensor.</summary>
    public required IReadOnlyList<long> ModuleShape { get; init; }

    /// <summary>The sizes of the tensor that was to be loaded.</summary>
    public required IReadOnlyList<long> TensorShape { get; init; }

    /// <summary>The element type of the module's tensor.</summary>
    public required ScalarType ModuleType { get; init; }

    /// <summary>The element type of the tensor that was to be loaded.</summary>
    public required ScalarType TensorType { get; init; }

    /// <summary>Name, and both sides' type and sizes; or both names of a tied tensor.</summary>
    public override string ToString() => OtherName is not null
        ? $"{Name} and {OtherName}: one tensor in the module, different values among the tensors"
        : $"{Name}: {ModuleType} [{string.Join(", ", ModuleShape)}] in the module, {TensorType} [{string.Join(", ", TensorShape)}] among "
        + "the tensors";
}
