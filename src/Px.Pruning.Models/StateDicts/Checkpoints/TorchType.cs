using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// An element type under PyTorch's names: torch.float32, and torch.FloatStorage for memory of such elements.
internal sealed record TorchType(ScalarType Type, string Name, string StorageName, int Size)
{
    // The types that TorchSharp has.
    public static readonly IReadOnlyList<TorchType> All =
    [
        new(ScalarType.Byte, "uint8", "ByteStorage", 1), new(ScalarType.Int8, "int8", "CharStorage", 1),
        new(ScalarType.Int16, "int16", "ShortStorage", 2),
        new(ScalarType.Int32, "int32", "IntStorage", 4), new(ScalarType.Int64, "int64", "LongStorage", 8),
        new(ScalarType.Bool, "bool", "BoolStorage", 1),
        new(ScalarType.Float16, "float16", "HalfStorage", 2), new(ScalarType.BFloat16, "bfloat16", "BFloat16Storage", 2),
        new(ScalarType.Float32, "float32", "FloatStorage", 4),
        new(ScalarType.Float64, "float64", "DoubleStorage", 8), new(ScalarType.ComplexFloat32, "complex64", "ComplexFloatStorage", 8),
        new(ScalarType.ComplexFloat64, "complex128", "ComplexDoubleStorage", 16),
    ];
}
