using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference;

/// <summary>How far a number may lie from the oracle's, by the type that the model computes in and by what its scores are made of.</summary>
/// <remarks>
/// Relative to the score itself for <see cref="ScoreFamily.PathSum"/>, else to the layer's largest score. A gate or a pooling choice that
/// float32 decides otherwise would move a layer of ResNet-20 by up to 4e-2. The seeds in Oracle/cases.py are such that none does: no
/// pre-activation is nearer to zero, and no maximum to the runner-up, than the largest float32 error in its channel.
/// </remarks>
internal static class Tolerance
{
    /// <summary>Float64: 1e-5 is what the project promises; sums of terms of one sign reach 1e-12.</summary>
    public const double Float64 = 1e-9;

    public static double Of(ScalarType type, ScoreFamily family) => (type, family) switch
    {
        (ScalarType.Float64, ScoreFamily.SecondOrder) => 1e-8,
        (ScalarType.Float64, _) => Float64,
        (ScalarType.Float32, _) => 1e-3,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No tolerance for this type."),
    };
}
