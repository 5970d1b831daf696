namespace Px.Experiments.Running;

/// <summary>How far a cell is.</summary>
public enum CellState
{
    /// <summary>Not finished.</summary>
    Open,

    /// <summary>Its result is there.</summary>
    Done,

    /// <summary>It cannot be run, and a file says why.</summary>
    Failed,
}
