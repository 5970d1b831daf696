namespace Px.Pruning.Analysis;

/// <summary>The trace of a Neural Tangent Kernel, <c>Tr Θ = Σₙ Σₖ ‖∂fₖ(xₙ)/∂θ‖²</c>.</summary>
public sealed record NtkTrace
{
    internal NtkTrace() { }

    /// <summary>The trace, or its estimate: not negative.</summary>
    public required double Value { get; init; }

    /// <summary>The standard error of an estimate; 0 where the trace is exact.</summary>
    public required double StandardError { get; init; }

    /// <summary>Samples N.</summary>
    public required long Samples { get; init; }

    /// <summary>Rows of the kernel a sample: K, or 1 for <see cref="NtkOutputs.Sum"/>.</summary>
    public required long Outputs { get; init; }

    /// <summary>Kept weights that were differentiated, m.</summary>
    public required long Parameters { get; init; }
}
