namespace Px.Samples.Training;

/// <summary>The optimizers of the samples.</summary>
public enum OptimizerKind
{
    /// <summary>SGD with momentum: what the paper trains everything with.</summary>
    Sgd,

    /// <summary>Adam with its authors' constants.</summary>
    Adam,
}
