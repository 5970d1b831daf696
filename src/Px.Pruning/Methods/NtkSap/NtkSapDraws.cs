using static TorchSharp.torch;

namespace Px.Pruning.Methods.NtkSap;

/// <summary>The random numbers of <see cref="NtkSapPruner"/>: float64 CPU tensors, fresh, the same for the same arguments.</summary>
internal abstract class NtkSapDraws
{
    /// <summary>Weights as Kaiming's normal initialisation draws them: mean 0, variance 2 / fan-in.</summary>
    public abstract Tensor Weights(DrawIndex index, string parameter, long[] shape);

    /// <summary>A direction to perturb weights in: mean 0, variance 1.</summary>
    public abstract Tensor Perturbation(DrawIndex index, string parameter, long[] shape);

    /// <summary>A batch of inputs: mean 0, variance 1.</summary>
    public abstract Tensor Input(DrawIndex index, long[] shape);
}

/// <summary>Normal numbers, each tensor from a generator of its own, on the CPU whatever the model's device.</summary>
internal sealed class NormalDraws(long seed) : NtkSapDraws
{
    public override Tensor Weights(DrawIndex index, string parameter, long[] shape) =>
        Normal($"weights {Text(index)} {parameter}", shape).mul_(Math.Sqrt(2.0 / FanIn(shape)));

    public override Tensor Perturbation(DrawIndex index, string parameter, long[] shape) =>
        Normal($"perturbation {Text(index)} {parameter}", shape);

    public override Tensor Input(DrawIndex index, long[] shape) => Normal($"input {index.Round} {index.Repeat} {index.Batch}", shape);

    /// <summary>How many weights an output sums: all dimensions but the first.</summary>
    internal static long FanIn(long[] shape) => shape.Skip(1).Aggregate(1L, (product, size) => product * size);

    // The first batch has no number: where it is the only one, a seed gives the mask that it gave when weights were drawn once a repeat.
    private static string Text(DrawIndex index) =>
        index.Batch == 0 ? $"{index.Round} {index.Repeat}" : $"{index.Round} {index.Repeat} {index.Batch}";

    private Tensor Normal(string name, long[] shape)
    {
        using var generator = new Generator(new SplitMix64(seed, name).Next());
        return randn(shape, float64, generator: generator);
    }
}

/// <summary>Which of NTK-SAP's batches random numbers are for.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Repeat">The repeat, from 0.</param>
/// <param name="Batch">The batch of the repeat, from 0.</param>
internal readonly record struct DrawIndex(int Round, int Repeat, int Batch);
