namespace Px.Pruning.Analysis;

/// <summary>One problem of a pruned network, in numbers and in words.</summary>
public sealed record Finding
{
    /// <summary>The kind of problem.</summary>
    public required FindingKind Kind { get; init; }

    /// <summary>The names of the weights concerned, in the order of the forward pass; empty if it is the whole network.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>How many of <see cref="Of"/> are concerned: units left of a nearly collapsed layer, dead outputs, dead weights, kept
    /// weights of the others.</summary>
    public required long Count { get; init; }

    /// <summary>Of how many: units, outputs, kept weights, all weights of the layers.</summary>
    public required long Of { get; init; }

    /// <summary>The problem, in a sentence or two.</summary>
    public required string Problem { get; init; }

    /// <summary>What to do about it, in a sentence or two.</summary>
    public required string Remedy { get; init; }

    /// <summary>Returns problem and remedy.</summary>
    public override string ToString() => $"{Problem} {Remedy}";
}

/// <summary>The kinds of problem that a <see cref="Finding"/> reports.</summary>
public enum FindingKind
{
    /// <summary>No path leads from the input to any output, so that the output is the same for every input.</summary>
    CutNetwork,

    /// <summary>A layer carries nothing, and no path bypasses it, or it is unknown whether one does.</summary>
    CollapsedLayer,

    /// <summary>A layer of at least four output units has at most one in twenty of them left, or a single one.</summary>
    NearlyCollapsedLayer,

    /// <summary>A series of layers beside a shortcut or other branches carries nothing; paths bypass it.</summary>
    CutBranch,

    /// <summary>A shortcut with layers of its own, such as a projection, carries nothing; all paths go through the block.</summary>
    CutShortcut,

    /// <summary>Some outputs are reached by no path, so that they are the same for every input.</summary>
    DeadOutputs,

    /// <summary>At least one in a hundred kept weights lies on no path.</summary>
    DeadWeights,

    /// <summary>The forward pass does not use a layer that has kept weights.</summary>
    UnusedLayer,
}
