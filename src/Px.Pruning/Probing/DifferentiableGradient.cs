using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>A gradient of the loss with the graph that it was made by, so that it can be differentiated once more. Disposing it lets the graph go.</summary>
/// <param name="weights">What it is the gradient of. Owned handles; the weights themselves may have been replaced since.</param>
/// <param name="gradients">One for each weight; null where none reaches the loss. Owned.</param>
internal sealed class DifferentiableGradient(IReadOnlyList<Tensor> weights, IReadOnlyList<Tensor?> gradients) : IDisposable
{
    /// <summary>The gradient, one tensor for each weight, in no graph. Fresh.</summary>
    internal IReadOnlyList<Tensor> Values() => [.. gradients.Zip(weights, (g, w) => g is null ? zeros_like(w) : g.detach())];

    /// <summary><c>H v</c>, the Hessian times a vector. Frees the graph: to be called once.</summary>
    /// <param name="vector">One tensor for each weight, in no graph.</param>
    /// <returns>One tensor for each weight. Fresh, in no graph.</returns>
    /// <exception cref="UnsupportedModelException">An operation of the network has no second derivative.</exception>
    internal IReadOnlyList<Tensor> HessianProduct(IReadOnlyList<Tensor> vector)
    {
        using (var temporaries = NewDisposeScope())
        {
            using var grad = enable_grad();
            var products = gradients.Zip(vector, (g, v) => g is { requires_grad: true } ? (g * v).sum() : null).OfType<Tensor>().ToList();
            // A loss that is linear in the weights has no second derivative but zero.
            if (products.Count > 0) Backward(products.Aggregate((a, b) => a + b));
        }

        using var noGrad = no_grad();
        return [.. weights.Select(WeightFunction.TakeGradient)];
    }

    public void Dispose()
    {
        foreach (var tensor in gradients.OfType<Tensor>().Concat(weights)) tensor.Dispose();
    }

    private void Backward(Tensor product)
    {
        try
        {
            autograd.backward([product], inputs: [.. weights]);
        }
        catch (Exception e) when (e is ExternalException or InvalidOperationException)
        {
            throw new UnsupportedModelException(
                "This method differentiates the loss twice, and an operation of the network or of the loss has no second derivative: "
                + e.Message.Split('\n')[0] + " Replace that operation, or choose a method of first order (SnipPruner, PathExclusionPruner).", e);
        }
    }
}
