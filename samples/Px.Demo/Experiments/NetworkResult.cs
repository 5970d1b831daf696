using System.Globalization;

namespace Px.Demo.Experiments;

/// <summary>What became of one network: plain numbers.</summary>
internal sealed record NetworkResult
{
    /// <summary>The name of its files: <c>px-0.98</c>, or <c>dense</c>.</summary>
    public required string FileName { get; init; }

    /// <summary>The method as the literature writes it, or <c>dense</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The fraction of weights that was to be removed; 0 for the dense network.</summary>
    public double Sparsity { get; init; }

    /// <summary>Pruning rounds; 0 for the dense network.</summary>
    public int Rounds { get; init; }

    /// <summary>The fraction of test images that are classified rightly.</summary>
    public required double Accuracy { get; init; }

    public required long WeightsKept { get; init; }

    public required long Weights { get; init; }

    public double Density => (double)WeightsKept / Weights;

    public TimeSpan PruneTime { get; init; }

    public required TimeSpan TrainTime { get; init; }

    /// <summary>Layers of which pruning left nothing.</summary>
    public IReadOnlyList<string> CollapsedLayers { get; init; } = [];

    public bool IsPruned => Rounds > 0;

    /// <summary>The network as the table calls it: <c>PX, 98 % removed</c>.</summary>
    public string Title => TitleOf(Method, IsPruned ? Sparsity : null);

    public static string TitleOf(string method, double? sparsity) =>
        sparsity is { } removed ? string.Create(CultureInfo.InvariantCulture, $"{method}, {100 * removed:0.###} % removed") : method;
}
