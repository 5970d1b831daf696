using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>The masked weights of the prunable slots and the loss's gradients there, summed over the batches. Owns its tensors.</summary>
internal sealed class LossGradients : IDisposable
{
    private LossGradients(List<Tensor> weights, List<Tensor> gradients) => (Weights, Gradients) = (weights, gradients);

    internal IReadOnlyList<Tensor> Weights { get; }

    internal IReadOnlyList<Tensor> Gradients { get; }

    /// <summary>Differentiates the loss over all batches, by substitution or, where hooks stay silent, on borrowed weights.</summary>
    internal static LossGradients Of(ScoringContext context, NormStatistics statistics) =>
        context.Network.Silent.Count == 0 ? Substituted(context, statistics) : Borrowed(context, statistics);

    public void Dispose()
    {
        foreach (var tensor in Weights.Concat(Gradients)) tensor.Dispose();
    }

    private static LossGradients Substituted(ScoringContext context, NormStatistics statistics)
    {
        var network = context.Network;
        using var scope = NewDisposeScope();
        using var weights = new MaskedWeights(network, context.Alive);
        var leaves = network.Slots.Select(slot => weights.Theta(slot.Index, network.ComputeType).requires_grad_(slot.Prunable)).ToList();
        var ranked = network.Prunable.Select(slot => leaves[slot.Index]).ToList();
        var evaluation = new GradientEvaluation(leaves, statistics);
        foreach (var batch in context.Batches)
        {
            using var temporaries = NewDisposeScope();
            Accumulate(context, batch, input => network.Run(evaluation, input), ranked);
        }

        return Collect(ranked);
    }

    private static LossGradients Borrowed(ScoringContext context, NormStatistics statistics)
    {
        var network = context.Network;
        using var scope = NewDisposeScope();
        using var lent = new BorrowedNetwork(context, statistics);
        var ranked = network.Prunable.Select(slot => (Tensor)slot.Layer.Weight).ToList();
        foreach (var batch in context.Batches)
        {
            using var temporaries = NewDisposeScope();
            Accumulate(context, batch, input => network.Model.call(input.to(ranked[0].dtype)), ranked);
        }

        return Collect(ranked);
    }

    private static void Accumulate(ScoringContext context, (Tensor Input, Tensor Target) batch, Func<Tensor, Tensor> forward, List<Tensor> ranked)
    {
        context.Token.ThrowIfCancellationRequested();
        using var grad = enable_grad();
        var loss = context.Loss(forward(batch.Input), batch.Target);
        if (loss.numel() != 1)
        {
            throw new ArgumentException(
                $"The loss must be a single number, but has shape [{string.Join(", ", loss.shape)}]: PruningOptions.Loss has to reduce over the batch.");
        }

        // No weight reaches the loss: every gradient is zero.
        if (loss.requires_grad) autograd.backward([loss], inputs: ranked);
    }

    private static LossGradients Collect(List<Tensor> ranked)
    {
        using var noGrad = no_grad();
        var gradients = ranked.Select(w => (w.grad ?? zeros_like(w)).detach().clone().DetachFromDisposeScope()).ToList();
        return new([.. ranked.Select(w => w.detach().clone().DetachFromDisposeScope())], gradients);
    }
}
