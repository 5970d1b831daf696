namespace Px.Runner.Training;

/// <summary>The "poly" schedule of segmentation: <c>(1 − t / T)^power</c>, for t = 0 … T − 1. By step by default.</summary>
/// <remarks>Source: Chen et al., DeepLab, section 4.1.1, <see href="https://arxiv.org/abs/1606.00915"/>.</remarks>
public sealed record PolynomialSchedule : LearningRateSchedule
{
    /// <summary>The exponent, above 0. 0.9 by default; 1 is a straight line.</summary>
    public double Power { get; init; } = 0.9;

    private protected override double Factor(long done, long total) => Math.Pow(1 - ((double)done / total), Power);
}
