namespace Px.Pruning.Analysis;

/// <summary>The bound that Path eXclusion is about, beside the trace that it bounds.</summary>
public sealed record NtkBound
{
    internal NtkBound() { }

    /// <summary>The true trace, exact or estimated.</summary>
    public required NtkTrace Trace { get; init; }

    /// <summary><c>Σₖ ‖J_v^{fₖ}‖² ‖J_θ^{vₖ}‖²</c>, not negative; infinite beyond the range of float64.</summary>
    public required double Value { get; init; }

    /// <summary>
    /// The modules because of which the bound may lie below the trace, in calling order; empty where it cannot. See
    /// <see cref="NtkAnalysis.Bound"/> for what they are.
    /// </summary>
    public required IReadOnlyList<string> Exceptions { get; init; }

    /// <summary>Whether trace ≤ bound is a theorem for this network.</summary>
    public bool Holds => Exceptions.Count == 0;
}
