using static TorchSharp.torch;

namespace TorchSharp.Utils;

/// <summary>A tensor inside a module file: type, number of dimensions, sizes, then its bytes in row-major order.</summary>
internal static class TensorFile
{
    private const string Advice = "Make sure that the model you are loading into is exactly the same as the origin.";

    internal static void Write(BinaryWriter writer, Tensor tensor)
    {
        using var temporaries = NewDisposeScope();
        writer.WriteLeb128((long)tensor.dtype);
        var shape = tensor.shape;
        writer.WriteLeb128(shape.Length);
        foreach (var size in shape) writer.WriteLeb128(size);
        writer.Write(tensor.detach().cpu().contiguous().bytes);
    }

    /// <summary>Reads over the tensor's own elements, or past the stored ones where <paramref name="skip"/> says so.</summary>
    internal static void ReadInto(BinaryReader reader, Tensor tensor, bool skip)
    {
        var (type, shape) = ReadHeader(reader);
        if (!skip && type != tensor.dtype) throw new ArgumentException($"Mismatched tensor data types while loading. {Advice}");
        if (!skip && !shape.AsSpan().SequenceEqual(tensor.shape)) throw new ArgumentException($"Mismatched tensor shape while loading. {Advice}");
        var data = ReadData(reader, type, shape);
        if (skip) return;
        using var temporaries = NewDisposeScope();
        using var copying = no_grad();
        var stored = empty(shape, type);
        stored.bytes = data;
        tensor.copy_(stored);
    }

    internal static void Skip(BinaryReader reader)
    {
        var (type, shape) = ReadHeader(reader);
        ReadData(reader, type, shape);
    }

    private static (ScalarType Type, long[] Shape) ReadHeader(BinaryReader reader)
    {
        var type = (ScalarType)reader.ReadLeb128();
        var shape = new long[checked((int)reader.ReadLeb128())];
        for (var i = 0; i < shape.Length; i++) shape[i] = reader.ReadLeb128();
        return (type, shape);
    }

    private static byte[] ReadData(BinaryReader reader, ScalarType type, long[] shape)
    {
        var length = checked((int)(shape.Aggregate(1L, (product, size) => checked(product * size)) * ElementSize(type)));
        var data = reader.ReadBytes(length);
        return data.Length == length ? data : throw new EndOfStreamException();
    }

    private static long ElementSize(ScalarType type)
    {
        using var one = empty([1L], type);
        return one.element_size();
    }
}
