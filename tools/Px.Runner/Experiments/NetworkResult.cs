using System.Globalization;

namespace Px.Runner.Experiments;

/// <summary>What became of one network: plain numbers.</summary>
public sealed record NetworkResult
{
    /// <summary>The name of its files: <c>px-0.98-seed1</c>, or <c>dense-seed1</c>.</summary>
    public required string FileName { get; init; }

    /// <summary>The method as the literature writes it, or <c>dense</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The fraction of weights that was to be removed; null for the dense network.</summary>
    public double? Sparsity { get; init; }

    public required int Seed { get; init; }

    /// <summary>The measure before training: of initial or pretrained weights, pruned.</summary>
    public required double Before { get; init; }

    /// <summary>The measure after training.</summary>
    public required double After { get; init; }

    /// <summary>The best measure after any epoch; null where it was not tested every epoch.</summary>
    public double? Best { get; init; }

    public required long WeightsKept { get; init; }

    public required long Weights { get; init; }

    /// <summary>How long pruning took; null for the dense network, and where an earlier process did it.</summary>
    public TimeSpan? PruneTime { get; init; }

    public required TimeSpan TrainTime { get; init; }

    /// <summary>Layers of which pruning left nothing.</summary>
    public IReadOnlyList<string> CollapsedLayers { get; init; } = [];

    public static string TitleOf(string method, double? sparsity) =>
        sparsity is { } removed ? string.Create(CultureInfo.InvariantCulture, $"{method}, {100 * removed:0.##} % removed") : method;
}
