using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>First and second derivatives of the loss with respect to the weights of a <see cref="WeightFunction"/>.</summary>
internal sealed class LossDerivatives(ScoringContext context, WeightFunction function)
{
    private bool proven;

    /// <summary>What the network's output is divided by before the loss.</summary>
    internal double Temperature { get; init; } = 1;

    /// <summary>The gradient of <c>Σ share · L</c> over the batches, one tensor for each prunable slot. Fresh, in no graph.</summary>
    internal IReadOnlyList<Tensor> Gradient(IEnumerable<(Tensor Input, Tensor Target)> batches, Func<Tensor, double>? share = null)
    {
        foreach (var batch in batches)
        {
            context.Token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            using var grad = enable_grad();
            var loss = Loss(batch);
            if (share is not null) loss = loss * share(batch.Input);
            // No weight reaches the loss: every gradient is zero.
            if (loss.requires_grad) autograd.backward([loss], inputs: [.. function.Weights]);
        }

        return function.TakeGradients();
    }

    /// <summary>
    /// <c>H v</c>, the Hessian of <c>share · L</c> on one batch times a vector that may depend on the gradient on this batch.
    /// </summary>
    /// <param name="batch">Input [B, …] and target [B, …].</param>
    /// <param name="vector">Receives the gradient and returns v, both one tensor for each prunable slot, in no graph.</param>
    /// <param name="share">The batch's share of the loss.</param>
    /// <returns>One tensor for each prunable slot. Fresh, in no graph.</returns>
    /// <exception cref="UnsupportedModelException">An operation of the network has no second derivative.</exception>
    internal IReadOnlyList<Tensor> HessianProduct(
        (Tensor Input, Tensor Target) batch, Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> vector, double share = 1)
    {
        using var temporaries = NewDisposeScope();
        using var gradient = Differentiate(batch, share);
        return [.. gradient.HessianProduct(vector(gradient.Values())).Select(product => product.MoveToOuterDisposeScope())];
    }

    /// <summary>The gradient of <c>share · L</c> on one batch, to be differentiated once more. In the current dispose scope.</summary>
    /// <remarks>It stays what it is when the function is given other weights, where <see cref="WeightFunction.KeepsGraphs"/>.</remarks>
    internal DifferentiableGradient Differentiate((Tensor Input, Tensor Target) batch, double share = 1)
    {
        context.Token.ThrowIfCancellationRequested();
        ProveDifferentiable(batch);
        using var temporaries = NewDisposeScope();
        using var grad = enable_grad();
        var loss = Loss(batch) * share;
        var gradients = loss.requires_grad ? Gradients(loss) : [.. function.Weights.Select(_ => (Tensor?)null)];
        return new DifferentiableGradient(
            [.. function.Weights.Select(weight => weight.alias().MoveToOuterDisposeScope())],
            [.. gradients.Select(gradient => gradient?.MoveToOuterDisposeScope())]);
    }

    private Tensor Loss((Tensor Input, Tensor Target) batch)
    {
        var output = function.Run(batch.Input);
        var loss = context.Loss(Temperature == 1 ? output : output / Temperature, batch.Target);
        return loss.numel() == 1
            ? loss
            : throw new ArgumentException(
                $"The loss must be a single number, but has shape [{string.Join(", ", loss.shape)}]: PruningOptions.Loss has to reduce over the batch.");
    }

    /// <summary>
    /// <c>autograd.grad</c> ends the process where <c>backward</c> throws. So a plain backward pass of two samples goes first: what it
    /// gets through, <c>grad</c> gets through.
    /// </summary>
    private void ProveDifferentiable((Tensor Input, Tensor Target) batch)
    {
        if (proven || context.Round > 1) return;
        using var temporaries = NewDisposeScope();
        long few = Math.Min(2, batch.Input.size(0));
        Gradient([(batch.Input.narrow(0, 0, few), batch.Target.narrow(0, 0, few))]);
        proven = true;
    }

    private List<Tensor?> Gradients(Tensor loss) =>
        [.. autograd.grad([loss], [.. function.Weights], retain_graph: true, create_graph: true, allow_unused: true).Select(g => g.IsInvalid ? null : g)];
}
