namespace Px.Runner.Training;

/// <summary>How often a schedule changes the learning rate.</summary>
public enum ScheduleUnit
{
    /// <summary>At the start of each epoch.</summary>
    Epoch,

    /// <summary>At each step of the optimizer.</summary>
    Step,
}
