using static TorchSharp.torch;

namespace Px.Pruning.Engine.Weights;

// First and second derivatives of the loss, or of another function of output and target, with respect to the weights of a function.
internal sealed class LossDerivatives(ScoringContext context, WeightFunction function, Func<Tensor, Tensor, Tensor>? loss = null)
{
    private readonly Func<Tensor, Tensor, Tensor> scalar = loss ?? context.Loss;

    // Whether a backward pass has been seen to work, as in every round but the first.
    internal bool IsProven { get; set; }

    // The gradient of Σ share · L over the batches. Fresh, in no graph.
    internal SlotTensors Gradient(IEnumerable<(Inputs Input, Tensor Target)> batches, Func<Inputs, double>? share = null)
    {
        foreach (var batch in batches)
        {
            context.Token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            using var grad = enable_grad();
            var L = Loss(batch);
            if (share is not null) L = L * share(batch.Input);
            // Otherwise no weight reaches the loss, and every gradient is zero.
            if (L.requires_grad) autograd.backward([L], inputs: [.. function.Weights.Values]);
        }

        return function.TakeGradients();
    }

    // H v, the Hessian of share · L on one batch times a vector that may depend on the gradient on this batch; all in no graph. Fresh.
    // Throws an UnsupportedModelException where an operation of the network has no second derivative.
    internal SlotTensors HessianProduct((Inputs Input, Tensor Target) batch, Func<SlotTensors, SlotTensors> vector, double share = 1)
    {
        using var temporaries = NewDisposeScope();
        using var gradient = Differentiate(batch, share);
        return gradient.HessianProduct(vector(gradient.Values())).Map((_, product) => product.MoveToOuterDisposeScope());
    }

    // The gradient of share · L on one batch, to be differentiated once more, in the current dispose scope. It survives other weights being
    // set where the function keeps graphs.
    internal DifferentiableGradient Differentiate((Inputs Input, Tensor Target) batch, double share = 1)
    {
        context.Token.ThrowIfCancellationRequested();
        ProveDifferentiable(batch);
        using var temporaries = NewDisposeScope();
        using var grad = enable_grad();
        var L = Loss(batch) * share;
        var weights = function.Weights;
        var gradients = L.requires_grad ? Gradients(L, weights) : weights.Map((_, weight) => zeros_like(weight));
        return new DifferentiableGradient(
            weights.Map((_, weight) => weight.alias().MoveToOuterDisposeScope()),
            gradients.Map((_, gradient) => gradient.MoveToOuterDisposeScope()));
    }

    private Tensor Loss((Inputs Input, Tensor Target) batch)
    {
        var L = scalar(function.Run(batch.Input), batch.Target);
        return L.numel() == 1
            ? L
            : throw new ArgumentException(
                $"The loss must be a single number, but has shape {ShapeText.Of(L.shape)}: PruningOptions.Loss (or the function given to "
                + "PruningContext.Gradients) has to reduce over the batch.");
    }

    // autograd.grad ends the process where backward would throw, so that a backward pass of two samples goes first.
    private void ProveDifferentiable((Inputs Input, Tensor Target) batch)
    {
        if (IsProven) return;
        using var temporaries = NewDisposeScope();
        long few = Math.Min(2, batch.Input.Samples);
        Gradient([(batch.Input.Narrow(0, few), batch.Target.narrow(0, 0, few))]);
        IsProven = true;
    }

    // Zero where a weight does not reach the loss.
    private static SlotTensors Gradients(Tensor L, SlotTensors weights)
    {
        var found = autograd.grad([L], [.. weights.Values], retain_graph: true, create_graph: true, allow_unused: true);
        return new(weights.Zip(found, (weight, gradient) => (weight.Key, gradient.IsInvalid ? zeros_like(weight.Value) : gradient)));
    }
}
