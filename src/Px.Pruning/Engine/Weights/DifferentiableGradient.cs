using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Weights;

// A gradient of the loss together with its graph, so that it can be differentiated once more; disposing it frees the graph. Owns both
// arguments: weights are handles, which stay valid where the weights themselves have been replaced.
internal sealed class DifferentiableGradient(SlotTensors weights, SlotTensors gradients) : IDisposable
{
    // The gradient, in no graph. Fresh.
    internal SlotTensors Values() => gradients.Map((_, gradient) => gradient.detach());

    // H v, the Hessian times a vector, both in no graph. Fresh. Frees the graph, so that it can be called once. Throws an
    // UnsupportedModelException where an operation of the network has no second derivative.
    internal SlotTensors HessianProduct(SlotTensors vector)
    {
        using (var temporaries = NewDisposeScope())
        {
            using var grad = enable_grad();
            var products = gradients.Where(g => g.Value.requires_grad).Select(g => (g.Value * vector[g.Key]).sum()).ToList();
            // Without products the loss is linear in the weights, and H is zero.
            if (products.Count > 0)
            {
                Backward(products.Aggregate((a, b) => a + b), [.. weights.Values], keepsGraph: false, NoSecondDerivative);
            }
        }

        using var noGrad = no_grad();
        return weights.Map((_, weight) => WeightFunction.TakeGradient(weight));
    }

    public void Dispose()
    {
        foreach (var tensor in gradients.Values.Concat(weights.Values)) tensor.Dispose();
    }

    internal static UnsupportedModelException NoSecondDerivative(Exception e) => NoSecondDerivative(e,
        "This method differentiates the loss twice, and an operation of the network or of the loss",
        "choose a pruner that differentiates once");

    internal static UnsupportedModelException NoSecondDerivative(Exception e, string operation, string remedy) => new(
        $"{operation} has no second derivative: {e.Message.Split('\n')[0].TrimEnd('.')}. Replace that operation, or {remedy}.", e);

    // A backward pass through a gradient. refusal: where an operation has no second derivative.
    internal static void Backward(
        Tensor product, IList<Tensor> inputs, bool keepsGraph, Func<Exception, UnsupportedModelException> refusal)
    {
        try
        {
            autograd.backward([product], retain_graph: keepsGraph, inputs: inputs);
        }
        catch (Exception e) when (e is ExternalException or InvalidOperationException)
        {
            throw refusal(e);
        }
    }
}
