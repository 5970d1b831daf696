using Px.Pruning.Engine;

namespace Px.Pruning.Tests.Reference;

/// <summary>One golden file: a problem (network, weights, data, method), and what the oracle found. Written by Oracle/golden.py.</summary>
internal sealed record GoldenFile(
    string Network, string Method, Dictionary<string, string> Settings,
    ulong Seed, long[] InputShape, int Classes, long[]? LabelShape, long[] Batches,
    double Sparsity, int Rounds, string? Counting,
    GoldenTensor[] Tensors, string[] Prunable,
    long[][] Kept, double[] Margins,
    GoldenScores FirstRound, GoldenScores? LastRound,
    string? MaskBeforeLastRound, string? Mask, string? MaskSha256)
{
    /// <summary>Whether masks and the last round's scores are here; of a network too large for that, only the digest of the last mask is.</summary>
    public bool HasMasks => Mask is not null;

    public static GoldenFile Load(string name) => GoldenFolder.Read<GoldenFile>(name + ".json");

    /// <summary>Which of the prunable weights a packed mask keeps, all parameters after one another in row-major order.</summary>
    public bool[] Unpack(string packed)
    {
        var bytes = Convert.FromBase64String(packed);
        var total = Prunable.Sum(Size);
        return Enumerable.Range(0, checked((int)total)).Select(i => (bytes[i / 8] >> (7 - i % 8) & 1) == 1).ToArray();
    }

    /// <summary>The number of weights of a parameter.</summary>
    public long Size(string parameter) => Shape(parameter).Aggregate(1L, (a, b) => a * b);

    public long[] Shape(string parameter) => Tensors.Single(t => t.Name == parameter).Shape;
}

/// <summary>A parameter or buffer of the network and the interval its elements are drawn from.</summary>
internal sealed record GoldenTensor(string Name, long[] Shape, double Low, double High);

/// <summary>Scores of one round. R and G are null where the method has none.</summary>
internal sealed record GoldenScores(double? R, double[]? G, GoldenLayer[] Layers);

/// <summary>Sum and maximum of the sizes of a layer's scores, and the scores at some indices that are ranked.</summary>
internal sealed record GoldenLayer(string Name, double Sum, double Max, long[] Indices, double[] Values);
