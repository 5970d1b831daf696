namespace Px.Runner.Training;

/// <summary>The optimizers to train with.</summary>
public enum OptimizerKind
{
    /// <summary>SGD with momentum: what the paper trains everything with.</summary>
    Sgd,

    /// <summary>Adam with its authors' constants.</summary>
    Adam,
}
