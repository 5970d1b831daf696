using System.Globalization;

namespace Px.Runner.Training;

/// <summary>Steps down: <c>γⁿ</c> where n counts the milestones that are reached. By epoch by default.</summary>
/// <remarks>
/// Milestones are fractions of the training, so that a shortened run keeps the paper's shape: epochs 80 and 120 of 160 are 1/2 and 3/4.
/// A milestone that lies between two units counts from the next one on.
/// </remarks>
public sealed record MultiStepSchedule : LearningRateSchedule
{
    /// <summary>By epoch.</summary>
    public MultiStepSchedule() => Unit = ScheduleUnit.Epoch;

    /// <summary>Where the rate falls, each a fraction of all units in (0, 1).</summary>
    public required IReadOnlyList<double> Milestones { get; init; }

    /// <summary>What each milestone multiplies the rate by. 0.1 by default.</summary>
    public double Gamma { get; init; } = 0.1;

    /// <summary>Milestones as the literature gives them: <paramref name="epochs"/> out of <paramref name="total"/>.</summary>
    public static MultiStepSchedule AtEpochs(int total, params int[] epochs) => new() { Milestones = [.. epochs.Select(epoch => (double)epoch / total)] };

    /// <summary><c>times 0.1 after 0.5, 0.75 of all epochs</c>.</summary>
    public override string ToString() => Milestones.Count == 0
        ? "constant"
        : string.Create(CultureInfo.InvariantCulture, $"times {Gamma} after {string.Join(", ", Milestones.Select(milestone => milestone.ToString("0.####", CultureInfo.InvariantCulture)))} of all {(Unit == ScheduleUnit.Epoch ? "epochs" : "steps")}");

    // The tolerance is for fractions that are no binary numbers: 91 / 182 · 182 may lie a hair above 91.
    private protected override double Factor(long done, long total) => Math.Pow(Gamma, Milestones.Count(milestone => done >= (milestone * total) - 1e-6));
}
