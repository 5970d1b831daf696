using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// The caller's own model, masked in place and with norm layers in the wanted mode, for networks whose layers no hook can see.
/// Disposing it puts back every weight, gradient, flag, buffer and mode, bit for bit.
/// </summary>
internal sealed class BorrowedNetwork : IDisposable
{
    private readonly List<(Tensor Live, Tensor Saved)> found = [];
    private readonly BorrowedGradients gradients;

    internal BorrowedNetwork(ScoringContext context, NormStatistics statistics)
    {
        var network = context.Network;
        using var noGrad = no_grad();
        gradients = new BorrowedGradients(network.Prunable.Select(slot => slot.Layer.Weight).DistinctBy(weight => weight.Handle));
        try
        {
            for (int i = 0; i < network.Prunable.Count && context.Alive is not null; i++)
            {
                Parameter weight = network.Prunable[i].Layer.Weight;
                Save(weight);
                using var gone = context.Alive[i].logical_not();
                using var onDevice = gone.to(weight.device);
                weight.masked_fill_(onDevice, 0);
            }

            foreach (var site in network.Sites.Where(site => site.Norm is not null && site.Norm.UsesBatch(statistics)))
            {
                foreach (var buffer in new[] { site.Norm!.RunningMean, site.Norm.RunningVariance, site.Norm.BatchesTracked })
                    if (buffer is not null) Save(buffer);
                // The model's snapshot puts the mode back.
                site.Module.train();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        using var noGrad = no_grad();
        foreach (var (live, saved) in found)
        {
            live.copy_(saved);
            saved.Dispose();
        }

        found.Clear();
        gradients.Dispose();
    }

    private void Save(Tensor live) => found.Add((live, live.detach().clone().DetachFromDisposeScope()));
}
