using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Tensors' elements as arrays, whatever their layout, and tensors of any type.</summary>
internal static class Tensors
{
    public static float[] Floats(this Tensor tensor)
    {
        using var contiguous = tensor.detach().cpu().contiguous();
        return contiguous.data<float>().ToArray();
    }

    public static long[] Longs(this Tensor tensor)
    {
        using var contiguous = tensor.detach().cpu().contiguous();
        return contiguous.data<long>().ToArray();
    }

    public static byte[] Bytes(this Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().cpu().contiguous().bytes.ToArray();
    }

    /// <summary>A tensor of every bit pattern: NaNs with payloads, denormals. The same at each call.</summary>
    public static Tensor RandomBits(ScalarType type, params long[] shape)
    {
        var result = empty(shape, dtype: type);
        new Random(1).NextBytes(result.bytes);
        if (type == ScalarType.Bool)
        {
            foreach (ref var value in result.bytes)
                value &= 1;
        }

        return result;
    }
}
