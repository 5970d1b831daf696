using Px.Runner.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Experiments.Running;

/// <summary>The samples that methods score on, by the names that grids use: what differs between two of them is due to the data, as the weights are the same.</summary>
public static class ScoredSamples
{
    /// <summary>Training samples that the cell's seed chooses.</summary>
    public const string Own = "own";

    /// <summary>Training samples that another seed chooses.</summary>
    public const string Others = "others";

    /// <summary>Standard normal noise in the shape of the cell's own samples, with their labels.</summary>
    public const string Noise = "noise";

    private const long OtherSeeds = 1_000_003;

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [Own, Others, Noise];

    /// <summary>The samples. Borrowed, each batch until the next.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="task">What is learned.</param>
    /// <param name="seed">The cell's seed.</param>
    public static IEnumerable<(Tensor Input, Tensor Target)> Of(string name, LearningTask task, int seed) => name switch
    {
        Others => task.PruningSamples(seed + OtherSeeds),
        Noise => AsNoise(task.PruningSamples(seed), seed),
        _ => task.PruningSamples(seed),
    };

    private static IEnumerable<(Tensor Input, Tensor Target)> AsNoise(IEnumerable<(Tensor Input, Tensor Target)> samples, int seed)
    {
        using var generator = new Generator((ulong)seed);
        foreach (var (input, target) in samples)
        {
            using var noise = randn(input.shape, generator: generator);
            yield return (noise, target);
        }
    }
}
