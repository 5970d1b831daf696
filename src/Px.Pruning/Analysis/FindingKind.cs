namespace Px.Pruning.Analysis;

/// <summary>What a <see cref="Finding"/> is about.</summary>
public enum FindingKind
{
    /// <summary>No path leads from the input to any output: the network answers the same to every input.</summary>
    CutNetwork,

    /// <summary>A layer carries nothing, and nothing leads round it, or it is not known whether something does.</summary>
    CollapsedLayer,

    /// <summary>A layer has very few output units left: at most one in twenty of them, or one alone, of at least four.</summary>
    NearlyCollapsedLayer,

    /// <summary>A series of layers beside a shortcut, or beside other branches, carries nothing; the network goes round it.</summary>
    CutBranch,

    /// <summary>A shortcut with layers of its own, such as a projection, carries nothing; all must pass through the block.</summary>
    CutShortcut,

    /// <summary>Outputs that no path reaches, while it reaches others: they answer the same to every input.</summary>
    DeadOutputs,

    /// <summary>At least one in a hundred kept weights lies on no path.</summary>
    DeadWeights,

    /// <summary>The forward pass does not use a layer of which weights are kept.</summary>
    UnusedLayer,
}
