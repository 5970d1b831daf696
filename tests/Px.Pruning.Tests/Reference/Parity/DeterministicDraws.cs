using Px.Pruning.Methods.NtkSap;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>NTK-SAP's draws as Oracle/ntk_sap.py makes them: uniform instead of normal, with the same bits on both sides.</summary>
/// <param name="seed">The golden file's seed.</param>
/// <param name="roundsBefore">How many rounds the first one scored here follows.</param>
internal sealed class DeterministicDraws(ulong seed, int roundsBefore) : NtkSapDraws
{
    private static readonly double UnitVariance = Math.Sqrt(3);

    internal override Tensor Weights(DrawIndex index, string parameter, long[] shape)
    {
        var bound = Math.Sqrt(6.0 / shape[1..].Aggregate(1L, (a, b) => a * b));
        return DeterministicTensors.Uniform($"weights.{Text(index)}.{parameter}", shape, -bound, bound, Seed(index.Round));
    }

    internal override Tensor Perturbation(DrawIndex index, string parameter, long[] shape) =>
        DeterministicTensors.Uniform($"perturbation.{Text(index)}.{parameter}", shape, -UnitVariance, UnitVariance, Seed(index.Round));

    internal override Tensor Input(DrawIndex index, long[] shape) =>
        DeterministicTensors.Uniform($"input.{index.Repeat}.{index.Batch}", shape, -UnitVariance, UnitVariance, Seed(index.Round));

    private static string Text(DrawIndex index) => index.Batch == 0 ? $"{index.Repeat}" : $"{index.Repeat}.{index.Batch}";

    /// <summary>Rounds count from 1.</summary>
    private ulong Seed(int round) => seed + 1000 * (ulong)(roundsBefore + round);
}
