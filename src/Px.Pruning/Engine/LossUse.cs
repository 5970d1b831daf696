using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Whether a caller's loss reads the model's weights beside the output, as a penalty on them does: then no hook can put others in their
// place.
internal static class LossUse
{
    internal static bool ReadsWeights(Network network, Func<Tensor, Tensor, Tensor> loss, (Inputs Input, Tensor Target) batch)
    {
        long samples = batch.Input.Samples;
        // Two samples say it as well as all. A loss that is written for whole batches is given one.
        return Try(network, loss, batch, Math.Min(2, samples)) ?? Try(network, loss, batch, samples) ?? false;
    }

    // Null where the loss throws: what is wrong with it is heard where it is computed for good.
    private static bool? Try(Network network, Func<Tensor, Tensor, Tensor> loss, (Inputs Input, Tensor Target) batch, long samples)
    {
        using var scope = NewDisposeScope();
        try
        {
            Tensor output;
            using (no_grad())
                output = network.Run(new ShapeEvaluation { NotesShapes = false }, batch.Input.Narrow(0, samples));
            using var grad = enable_grad();
            using var borrowed = new BorrowedGradients(network.Prunable.Select(slot => slot.Weight));
            // Differentiable, as where the loss is computed for good: one that takes gradients of its own would end the process otherwise.
            var L = loss(output.detach().requires_grad_().clone(), batch.Target.narrow(0, 0, samples));
            if (!L.requires_grad) return false;
            autograd.backward([L.sum()], inputs: [.. network.Prunable.Select(slot => (Tensor)slot.Weight)]);
            return network.Prunable.Any(slot => slot.Weight.grad is not null);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            return null;
        }
    }
}
