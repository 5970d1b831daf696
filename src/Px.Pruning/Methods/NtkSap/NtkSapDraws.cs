using static TorchSharp.torch;

namespace Px.Pruning.Methods.NtkSap;

// The random numbers of NtkSapPruner: float64 CPU tensors, the same for the same arguments.
internal abstract class NtkSapDraws
{
    // Kaiming's normal initialisation: mean 0, variance 2 / fan-in.
    internal abstract Tensor Weights(DrawIndex index, string parameter, long[] shape);

    // The perturbation Δ: mean 0, variance 1.
    internal abstract Tensor Perturbation(DrawIndex index, string parameter, long[] shape);

    // A batch of inputs: mean 0, variance 1.
    internal abstract Tensor Input(DrawIndex index, long[] shape);
}

internal sealed class NormalDraws(long seed) : NtkSapDraws
{
    internal override Tensor Weights(DrawIndex index, string parameter, long[] shape) =>
        SplitMix64.Normal(seed, $"weights {Text(index)} {parameter}", shape).mul_(Math.Sqrt(2.0 / FanIn(shape)));

    internal override Tensor Perturbation(DrawIndex index, string parameter, long[] shape) =>
        SplitMix64.Normal(seed, $"perturbation {Text(index)} {parameter}", shape);

    internal override Tensor Input(DrawIndex index, long[] shape) =>
        SplitMix64.Normal(seed, $"input {index.Round} {index.Repeat} {index.Batch}", shape);

    internal static long FanIn(long[] shape) => shape.Skip(1).Aggregate(1L, (product, size) => product * size);

    // The first batch has no number, so that with a single batch seeds give the same masks as in versions that drew once a repeat.
    private static string Text(DrawIndex index) =>
        index.Batch == 0 ? $"{index.Round} {index.Repeat}" : $"{index.Round} {index.Repeat} {index.Batch}";
}

internal readonly record struct DrawIndex(int Round, int Repeat, int Batch);
