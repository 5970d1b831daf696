using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference;

/// <summary>How far a number may lie from the oracle's, relative to the oracle's, by the type that the model computes in.</summary>
internal static class Tolerance
{
    /// <summary>Float64: 1e-5 is what the project promises; sums of terms of one sign reach 1e-12.</summary>
    public const double Float64 = 1e-9;

    /// <summary>Float32 passes.</summary>
    public const double Float32 = 1e-3;

    /// <summary>
    /// Float32 gradients of a loss, relative to the layer's largest score. Terms of both signs cancel, and of the two million
    /// pre-activations of ResNet-20 a few lie within float32 rounding of zero: one flipped gate moves a layer by up to 6e-3.
    /// With libtorch 1.13 and 2.10 one does (layer1.1.relu1 at 7.6e-7), in the first round of ResNet-20, the only case beyond 1e-3: its
    /// error is 1.5e-3, and the oracle gives the same score once that gate is flipped by hand.
    /// </summary>
    public const double Float32Gradient = 1e-2;

    /// <param name="type">Float64 or Float32.</param>
    /// <param name="cancels">Whether a score is a difference of large terms, as a loss's gradient is.</param>
    public static double Of(ScalarType type, bool cancels = false) => (type, cancels) switch
    {
        (ScalarType.Float64, _) => Float64,
        (ScalarType.Float32, false) => Float32,
        (ScalarType.Float32, true) => Float32Gradient,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No tolerance for this type."),
    };
}
