namespace Px.Pruning.Analysis;

/// <summary>One thing that is wrong with a pruned network, in numbers and in words.</summary>
public sealed record Finding
{
    /// <summary>What it is about.</summary>
    public required FindingKind Kind { get; init; }

    /// <summary>The weights concerned, by name, in the order of the forward pass; empty where the whole network is.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>How many of <see cref="Of"/> are concerned: units left of a nearly collapsed layer, dead outputs, dead weights, kept weights of the others.</summary>
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
