using System.Runtime.InteropServices;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Sessions;

// Whether libtorch can differentiate a network's loss, found out on two samples by what its layers return.
internal static class Derivatives
{
    // Throws an UnsupportedModelException where there is a first derivative and no second one, before a whole batch is computed for it.
    internal static void RequireSecond(ScoringContext context)
    {
        if (Try(context, context.Network.ComputeType) is { Once: true, Twice: false, Error: { } error })
            throw DifferentiableGradient.NoSecondDerivative(error);
    }

    // type: what is computed in. Where hooks see no layer, all is assumed. Error: libtorch's, or that of the caller's own code.
    internal static (bool Once, bool Twice, Exception? Error) Try(ScoringContext context, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        bool once = false;
        try
        {
            var offset = zeros(1, type, context.Network.Device).requires_grad_();
            var L = Loss(context, offset);
            if (!L.requires_grad) return (true, true, null);
            autograd.backward([L], inputs: [offset]);
            once = true;
            if (offset.grad is null) return (true, true, null);
            // An error in it would end the process; after a backward pass that reached the offset there is none.
            var dL = autograd.grad([Loss(context, offset)], [offset], retain_graph: true, create_graph: true)[0];
            if (dL.requires_grad) autograd.backward([dL.sum()], inputs: [offset]);
            return (true, true, null);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            // The caller's loss may not take two samples, which says nothing of derivatives.
            return (once, once && e is not (ExternalException or InvalidOperationException), e);
        }
    }

    private static Tensor Loss(ScoringContext context, Tensor offset)
    {
        var network = context.Network;
        var evaluation = new OffsetEvaluation(offset);
        if (context.Batches.Count == 0)
        {
            var sample = network.Sample!.Fill(2, shape => ones([2, .. shape], offset.dtype, network.Device));
            return network.Run(evaluation, sample).square().sum();
        }

        var (input, target) = context.Batches[0];
        long few = Math.Min(2, input.Samples);
        return context.Loss(network.Run(evaluation, input.Narrow(0, few).To(offset.dtype)), target.narrow(0, 0, few));
    }

    // The network with one number added to all that its layers return. What comes before the first layer has no part in it.
    private sealed class OffsetEvaluation(Tensor offset) : Evaluation
    {
        private readonly ShapeEvaluation plain = new() { NotesShapes = false };

        internal override bool Replaces(HookedModule hooked) => plain.Replaces(hooked);

        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            var output = plain.Compute(hooked, input);
            return hooked.Weighted is null ? output : output + offset;
        }
    }
}
