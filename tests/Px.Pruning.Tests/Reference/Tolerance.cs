namespace Px.Pruning.Tests.Reference;

/// <summary>How far a number may lie from the oracle's, by the type that the model computes in and by what its scores are made of.</summary>
/// <remarks>
/// Float64 is told score by score. In float32 a gate or a pooling choice that falls otherwise on some processor moves many scores at once, of a deep
/// network all scores before it, by a hundredth or more: in the plain computation as in the library's. Float32 is therefore told by the median
/// relative error and by the share of scores that are far off; and where gates decide in a deep network, on its twin without gates.
/// </remarks>
internal static class Tolerance
{
    /// <summary>Float64: 1e-5 is what the project promises; sums of terms of one sign reach 1e-12.</summary>
    public const double Float64 = 1e-9;

    /// <summary>
    /// Float32: a score is far off beyond this, relative to itself for <see cref="ScoreFamily.PathSum"/>, else to the layer's largest.
    /// </summary>
    public const double FarOff = 1e-3;

    /// <summary>Float32: the fraction of scores that may be far off.</summary>
    public const double ShareFarOff = 0.05;

    /// <summary>Float32: how much less exact than the plain computation a median may be, which is luck, and four roundings.</summary>
    public const double Luck = 1.5, Roundings = 4.0 / (1 << 23);

    /// <summary>Float64: relative to the score itself for <see cref="ScoreFamily.PathSum"/>, else to the layer's largest score.</summary>
    public static double Of(ScoreFamily family) => family == ScoreFamily.SecondOrder ? 1e-8 : Float64;

    /// <summary>Float32: the largest median of relative errors, whatever the plain computation has.</summary>
    public static double Median(string method) => method switch
    {
        // Without data there is no gate, and the library computes in float64 whatever the model's type.
        "synflow" or "synflow-l2" or "logsynflow" or "magnitude" => Float64,
        // It computes in float64 too, so that gates are those of float64; with the trace alone in the model's type.
        "widetopo" => 1e-5,
        "snip" or "itersnip" or "force" => 1e-5,
        "px-released" or "ntk-sap" => 1e-4,
        // G is one number for all weights, and so is its error.
        "px" => 1e-3,
        // Nothing but the plain computation says what to expect of second derivatives.
        "grasp" or "prospr" => 0,
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "No tolerance for this method."),
    };
}
