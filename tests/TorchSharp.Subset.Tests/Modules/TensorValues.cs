using TorchSharp;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

internal static class TensorValues
{
    /// <summary>All elements in row-major order.</summary>
    internal static float[] Floats(this Tensor tensor) => tensor.detach().to(ScalarType.Float32).contiguous().data<float>().ToArray();

    internal static long[] Longs(this Tensor tensor) => tensor.detach().to(ScalarType.Int64).contiguous().data<long>().ToArray();

    internal static void ShouldBeClose(this Tensor actual, float tolerance, params float[] expected) =>
        actual.Floats().Should().Equal(expected, (a, e) => Math.Abs(a - e) <= tolerance);
}
