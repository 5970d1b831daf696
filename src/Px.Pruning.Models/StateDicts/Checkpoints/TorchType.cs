using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// An element type under PyTorch's names: torch.float32, and torch.FloatStorage for memory of such elements.
// Type: the one of TorchSharp; null where it has none.
internal sealed record TorchType(ScalarType? Type, string Name, string StorageName, int Size)
{
    // The types that TorchSharp has.
    internal static readonly IReadOnlyList<TorchType> All =
    [
        new(ScalarType.Byte, "uint8", "ByteStorage", 1),
        new(ScalarType.Int8, "int8", "CharStorage", 1),
        new(ScalarType.Int16, "int16", "ShortStorage", 2),
        new(ScalarType.Int32, "int32", "IntStorage", 4),
        new(ScalarType.Int64, "int64", "LongStorage", 8),
        new(ScalarType.Bool, "bool", "BoolStorage", 1),
        new(ScalarType.Float16, "float16", "HalfStorage", 2),
        new(ScalarType.BFloat16, "bfloat16", "BFloat16Storage", 2),
        new(ScalarType.Float32, "float32", "FloatStorage", 4),
        new(ScalarType.Float64, "float64", "DoubleStorage", 8),
        new(ScalarType.ComplexFloat32, "complex64", "ComplexFloatStorage", 8),
        new(ScalarType.ComplexFloat64, "complex128", "ComplexDoubleStorage", 16),
    ];

    // Types of quantised tensors. Their memory is skipped, never read.
    internal static readonly IReadOnlyList<TorchType> Quantized =
    [
        new(null, "quint8", "QUInt8Storage", 1),
        new(null, "qint8", "QInt8Storage", 1),
        new(null, "qint32", "QInt32Storage", 4),
        new(null, "quint4x2", "QUInt4x2Storage", 1),
        new(null, "quint2x4", "QUInt2x4Storage", 1),
    ];

    // Types whose tensors are saved in untyped memory.
    internal static readonly IReadOnlyList<string> WithoutStorage =
    [
        "uint16", "uint32", "uint64", "complex32", "bits8", "bits16", "bits1x8", "bits2x4", "bits4x2",
        "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2",
    ];

    // Whether elements have a sign that can be turned.
    internal bool CanBeNegated => Type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64
        or ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64;
}
