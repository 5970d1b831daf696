using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Pruning;
using Px.Pruning.Analysis;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Experiments.Running;

/// <summary>Takes the spectrum of a cell's Neural Tangent Kernel: of its initial weights, dense or pruned, on training samples that its seed chooses.</summary>
internal static class CellSpectrum
{
    /// <summary>Takes the spectrum.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="task">What is learned.</param>
    /// <param name="network">The network, in its initial state.</param>
    /// <param name="mask">What is kept of it; null for all.</param>
    /// <param name="token">Stops the work.</param>
    /// <exception cref="CellFailedException">The kernel is too large, or a derivative of the network is not finite.</exception>
    public static SpectrumResult Take(Cell cell, LearningTask task, Module<Tensor, Tensor> network, PruningMask? mask, CancellationToken token)
    {
        var options = new NtkOptions { Data = DataBudget.All, Seed = cell.Seed };
        var data = PruningData.From(First(task.PruningSamples(cell.Seed), cell.SpectrumSamples));
        try
        {
            var spectrum = NtkAnalysis.Spectrum(network, data, mask, options, token);
            var bound = Bound();
            return new SpectrumResult
            {
                Samples = (int)spectrum.Samples, Eigenvalues = spectrum.Eigenvalues, Bound = bound?.Value, BoundExceptions = bound?.Exceptions ?? [],
            };
        }
        catch (Exception e) when (e is ArgumentException or NonFiniteScoreException)
        {
            throw new CellFailedException($"The spectrum of the Neural Tangent Kernel: {e.Message}", e);
        }

        NtkBound? Bound()
        {
            try
            {
                return NtkAnalysis.Bound(network, data, mask, new() { Kernel = options }, token);
            }
            catch (UnsupportedModelException)
            {
                return null;
            }
        }
    }

    private static IEnumerable<(Tensor Input, Tensor Target)> First(IEnumerable<(Tensor Input, Tensor Target)> batches, long count)
    {
        foreach (var (input, target) in batches)
        {
            var taken = Math.Min(count, input.shape[0]);
            using var inputs = input.narrow(0, 0, taken);
            using var targets = target.narrow(0, 0, taken);
            yield return (inputs, targets);
            count -= taken;
            if (count == 0)
                yield break;
        }
    }
}
