using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Tensors' elements as arrays, whatever their layout.</summary>
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
}
