using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>Asserts that scores are the oracle's.</summary>
internal static class ScoreComparison
{
    /// <summary>Each listed score and each layer's sum and maximum lie within a tolerance.</summary>
    /// <param name="actual">A layer's scores in row-major order.</param>
    /// <param name="expected">The oracle's.</param>
    /// <param name="tolerance">Relative to the score itself for sums of paths, else to the layer's largest score.</param>
    /// <param name="family">What the scores are made of.</param>
    public static void AssertEqual(Func<string, double[]> actual, GoldenScores expected, double tolerance, ScoreFamily family)
    {
        foreach (var layer in expected.Layers)
        {
            var values = actual(layer.Name);
            for (var i = 0; i < layer.Indices.Length; i++)
                Close(values[layer.Indices[i]], layer.Values[i], tolerance * (family == ScoreFamily.PathSum ? layer.Values[i] : layer.Max), $"{layer.Name}[{layer.Indices[i]}]");
            Close(values.Sum(Math.Abs), layer.Sum, tolerance * layer.Sum, $"the sum of {layer.Name}");
            Close(values.Max(Math.Abs), layer.Max, tolerance * layer.Max, $"the maximum of {layer.Name}");
        }
    }

    /// <summary>A parameter's scores in row-major order with the common exponent put back.</summary>
    public static double[] Values(PruningScores scores, string name) =>
        scores[name].contiguous().data<double>().ToArray().Select(value => Math.ScaleB(value, scores.Exponent)).ToArray();

    public static void Close(double actual, double expected, double error, string what)
    {
        if (Math.Abs(actual - expected) <= error) return;
        var relative = (actual - expected) / expected;
        Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what} is {actual:R}, the oracle says {expected:R} (relative error {relative:E1})."));
    }
}
