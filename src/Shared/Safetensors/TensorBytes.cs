using System.Diagnostics.CodeAnalysis;
using Px.Bytes;
using static TorchSharp.torch;

namespace Px.Safetensors;

// Copies a tensor's bytes from and to a stream without converting them, so that halves, bfloat16 and NaNs stay as they are.
internal static class TensorBytes
{
    private static readonly (ScalarType Type, string Name)[] Types =
    [
        (ScalarType.Bool, "BOOL"), (ScalarType.Byte, "U8"), (ScalarType.Int8, "I8"), (ScalarType.Int16, "I16"), (ScalarType.Int32, "I32"),
        (ScalarType.Int64, "I64"),
        (ScalarType.Float16, "F16"), (ScalarType.BFloat16, "BF16"), (ScalarType.Float32, "F32"), (ScalarType.Float64, "F64"),
        (ScalarType.ComplexFloat32, "C64"),
    ];

    internal static bool TryGetType(string name, out ScalarType type)
    {
        var index = Array.FindIndex(Types, pair => pair.Name == name);
        type = index < 0 ? default : Types[index].Type;
        return index >= 0;
    }

    internal static bool TryGetName(ScalarType type, [NotNullWhen(true)] out string? name)
    {
        var index = Array.FindIndex(Types, pair => pair.Type == type);
        name = index < 0 ? null : Types[index].Name;
        return name is not null;
    }

    // A new tensor from the stream's next bytes.
    internal static Tensor Read(Stream stream, SafetensorsEntry entry)
    {
        TryGetType(entry.DType, out var type);
        return Read(entry.Name, type, entry.Shape, stream.ReadExactly);
    }

    // A new tensor whose memory read fills, chunk by chunk.
    internal static Tensor Read(string name, ScalarType type, long[] shape, ChunkAction read)
    {
        var tensor = empty(shape, dtype: type);
        try
        {
            ForEachChunk(tensor, read);
            if (type == ScalarType.Bool) RequireBooleans(tensor, name);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    // In row-major order.
    internal static void Write(Stream stream, Tensor tensor)
    {
        using var temporaries = NewDisposeScope();
        ForEachChunk(tensor.detach().cpu().contiguous(), bytes => stream.Write(bytes));
    }

    internal delegate void ChunkAction(Span<byte> bytes);

    // Calls the action on the memory of a contiguous CPU tensor, in order, in chunks that a span can hold.
    internal static void ForEachChunk(Tensor contiguous, ChunkAction action)
    {
        foreach (var chunk in new TensorMemory<byte>(contiguous)) action(chunk);
    }

    // Any other byte in a bool tensor is undefined behaviour in libtorch.
    private static void RequireBooleans(Tensor tensor, string name) =>
        ForEachChunk(tensor, bytes =>
        {
            if (bytes.ContainsAnyExceptInRange((byte)0, (byte)1))
                throw new InvalidDataException($"Tensor '{name}' is BOOL and holds bytes other than 0 and 1.");
        });
}
