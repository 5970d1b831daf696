using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

/// <summary>A name under which a module and the tensors meant for it have something different.</summary>
public sealed record StateDictConflict
{
    /// <summary>The name in the state dict.</summary>
    public required string Name { get; init; }

    /// <summary>The sizes of the module's tensor.</summary>
    public required IReadOnlyList<long> ModuleShape { get; init; }

    /// <summary>The sizes of the tensor that was to be loaded.</summary>
    public required IReadOnlyList<long> TensorShape { get; init; }

    /// <summary>The element type of the module's tensor.</summary>
    public required ScalarType ModuleType { get; init; }

    /// <summary>The element type of the tensor that was to be loaded.</summary>
    public required ScalarType TensorType { get; init; }

    /// <summary>Name, and both sides' type and sizes.</summary>
    public override string ToString() =>
        $"{Name}: {ModuleType} [{string.Join(", ", ModuleShape)}] in the module, {TensorType} [{string.Join(", ", TensorShape)}] among "
        + "the tensors";
}
