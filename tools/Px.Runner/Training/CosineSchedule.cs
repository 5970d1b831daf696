namespace Px.Runner.Training;

/// <summary>Half a cosine: <c>(1 + cos(πt / T)) / 2</c>, for t = 0 … T − 1. By step by default.</summary>
public sealed record CosineSchedule : LearningRateSchedule
{
    private protected override double Factor(long done, long total) => (1 + Math.Cos(Math.PI * done / total)) / 2;
}
