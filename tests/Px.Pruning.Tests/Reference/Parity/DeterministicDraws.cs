using Px.Pruning.Draws;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>NTK-SAP's draws as Oracle/ntk_sap.py makes them: uniform instead of normal, with the same bits on both sides.</summary>
/// <param name="seed">The golden file's seed.</param>
/// <param name="roundsBefore">How many rounds the first one scored here follows.</param>
internal sealed class DeterministicDraws(ulong seed, int roundsBefore) : NtkSapDraws
{
    private static readonly double UnitVariance = Math.Sqrt(3);

    public override Tensor Weights(int round, int repeat, string parameter, long[] shape)
    {
        var bound = Math.Sqrt(6.0 / shape[1..].Aggregate(1L, (a, b) => a * b));
        return DeterministicTensors.Uniform($"weights.{repeat}.{parameter}", shape, -bound, bound, Seed(round));
    }

    public override Tensor Perturbation(int round, int repeat, string parameter, long[] shape) =>
        DeterministicTensors.Uniform($"perturbation.{repeat}.{parameter}", shape, -UnitVariance, UnitVariance, Seed(round));

    public override Tensor Input(int round, int repeat, int batch, long[] shape) =>
        DeterministicTensors.Uniform($"input.{repeat}.{batch}", shape, -UnitVariance, UnitVariance, Seed(round));

    /// <summary>Rounds count from 1.</summary>
    private ulong Seed(int round) => seed + 1000 * (ulong)(roundsBefore + round);
}
