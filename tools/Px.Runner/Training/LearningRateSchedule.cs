namespace Px.Runner.Training;

/// <summary>What the learning rate is multiplied by as training goes on: a function of the position alone, so that a resumed run needs no memory of it.</summary>
public abstract record LearningRateSchedule
{
    /// <summary>Whether the rate changes by step or by epoch. By step by default.</summary>
    public ScheduleUnit Unit { get; init; } = ScheduleUnit.Step;

    /// <summary>Always 1.</summary>
    public static LearningRateSchedule Constant { get; } = new MultiStepSchedule { Milestones = [] };

    /// <summary>The factor at a position of the training.</summary>
    public double FactorAt(TrainingPosition at) => Unit == ScheduleUnit.Step ? Factor(at.Step, at.Steps) : Factor(at.Epoch, at.Epochs);

    /// <summary>The factor after <paramref name="done"/> of <paramref name="total"/> units.</summary>
    private protected abstract double Factor(long done, long total);
}
