using Px.Pruning.Masking;
using static TorchSharp.torch;

namespace Px.Pruning.Draws;

/// <summary>Normal numbers, each tensor from a generator of its own, on the CPU whatever the model's device.</summary>
internal sealed class NormalDraws(long seed) : NtkSapDraws
{
    public override Tensor Weights(int round, int repeat, string parameter, long[] shape) =>
        Normal($"weights {round} {repeat} {parameter}", shape).mul_(Math.Sqrt(2.0 / FanIn(shape)));

    public override Tensor Perturbation(int round, int repeat, string parameter, long[] shape) =>
        Normal($"perturbation {round} {repeat} {parameter}", shape);

    public override Tensor Input(int round, int repeat, int batch, long[] shape) => Normal($"input {round} {repeat} {batch}", shape);

    /// <summary>How many weights an output sums: all dimensions but the first.</summary>
    internal static long FanIn(long[] shape) => shape.Skip(1).Aggregate(1L, (product, size) => product * size);

    private Tensor Normal(string name, long[] shape)
    {
        using var generator = new Generator(new SplitMix64(seed, name).Next());
        return randn(shape, float64, generator: generator);
    }
}
