namespace Px.Pruning.Analysis;

/// <summary>One thing that is wrong with a pruned network, in numbers and in words.</summary>
public sealed record Finding
{
    /// <summary>What it is about.</summary>
    public required FindingKind Kind { get; init; }

    /// <summary>The weights concerned, by name, in the order of the forward pass; empty where the whole network is.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>How many of <see cref="Of"/> are concerned: units left of a nearly collapsed layer, dead outputs, dead weights, kept
    /// weights of the others.</summary>
    public required long Count { get; init; }

    /// <summary>Of how many: units, outputs, kept weights, all weights of the layers.</summary>
    public required long Of { get; init; }

    /// <summary>What is wrong: a sentence or two.</summary>
    public required string Problem { get; init; }

    /// <summary>What to do about it: a sentence or two.</summary>
    public required string Remedy { get; init; }

    /// <summary>Problem and remedy.</summary>
    public override string ToString() => $"{Problem} {Remedy}";
}

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
