using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// The caller's own parameters with other values, for networks whose layers no hook can see. Disposing it puts back every weight,
/// gradient, flag, buffer and mode, bit for bit.
/// </summary>
internal sealed class BorrowedWeights : WeightFunction
{
    private readonly SavedTensors found = new();
    private readonly List<(NormBase Norm, double? Momentum)> momenta = [];
    private readonly BorrowedGradients gradients;
    private readonly IReadOnlyList<Tensor> weights;

    /// <param name="network">Whose parameters.</param>
    /// <param name="statistics">What norm layers take their statistics from; null for fresh ones, see <see cref="WeightFunction.WithFreshNorms"/>.</param>
    internal BorrowedWeights(Network network, NormStatistics? statistics) : base(network)
    {
        weights = [.. network.Prunable.Select(slot => (Tensor)slot.Layer.Weight)];
        gradients = new BorrowedGradients(network.Prunable.Select(slot => slot.Layer.Weight).DistinctBy(weight => weight.Handle));
        try
        {
            using var noGrad = no_grad();
            foreach (var weight in weights) found.Save(weight);
            foreach (var site in Norms().Where(site => statistics is null || site.Norm!.UsesBatch(statistics.Value))) Borrow(site, fresh: statistics is null);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal override IReadOnlyList<Tensor> Weights => weights;

    internal override bool KeepsGraphs => false;

    internal override void Set(IReadOnlyList<Tensor> values)
    {
        using var noGrad = no_grad();
        foreach (var (weight, value) in weights.Zip(values)) weight.copy_(value);
    }

    internal override Tensor Run(Tensor input) => Network.Model.call(input.to(weights[0].dtype));

    internal override void FreezeNorms(Tensor input)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var site in Norms())
        {
            // The model's snapshot puts the mode back.
            site.Module.train();
            if (site.Module is NormBase norm) norm.momentum = 1;
        }

        Run(input);
        foreach (var site in Norms()) site.Module.eval();
    }

    public override void Dispose()
    {
        found.Dispose();
        foreach (var (norm, momentum) in momenta) norm.momentum = momentum;
        gradients.Dispose();
    }

    private IEnumerable<Site> Norms() => Network.Sites.Where(site => site.Norm is not null);

    private void Borrow(Site site, bool fresh)
    {
        var norm = site.Norm!;
        foreach (var buffer in new[] { norm.RunningMean, norm.RunningVariance, norm.BatchesTracked })
            if (buffer is not null) found.Save(buffer);
        if (!fresh)
        {
            site.Module.train();
            return;
        }

        if (site.Module is NormBase module) momenta.Add((module, module.momentum));
        if (norm.Gamma is { } gamma) found.Save(gamma).fill_(1);
        if (norm.Beta is { } beta) found.Save(beta).fill_(0);
    }
}
