namespace Px.Pruning.Tests.Reference;

/// <summary>What a method's scores are made of, and so how far rounding moves them.</summary>
internal enum ScoreFamily
{
    /// <summary>Sums of terms of one sign: every score is exact to a few roundings of its own size.</summary>
    PathSum,

    /// <summary>Derivatives of a loss or of a squared difference: terms of both signs cancel, and gates decide which are there.</summary>
    Gradient,

    /// <summary>Derivatives of derivatives of a loss.</summary>
    SecondOrder,
}
