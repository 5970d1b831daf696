using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Which pruners accept a network that another one refuses: tried on two samples, not assumed.
internal static class Alternatives
{
    private const string Sentence = "As it is, the network can be pruned by";

    internal static bool AreIn(UnsupportedModelException e) => e.Message.Contains(Sentence, StringComparison.Ordinal);

    internal static UnsupportedModelException AddTo(UnsupportedModelException e, ScoringContext context, string refusing)
    {
        var (once, twice) = TryDerivatives(context);
        string[] names =
        [
            .. HasPaths(context.Network) ? ["SynFlowL2Pruner", "SynFlowPruner", "LogSynFlowPruner"] : Array.Empty<string>(),
            .. once ? ["SnipPruner", "IterSnipPruner", "ForcePruner"] : Array.Empty<string>(),
            .. twice ? ["GraspPruner", "ProsPrPruner"] : Array.Empty<string>(),
            .. once && IsFloating(context) ? ["NtkSapPruner"] : Array.Empty<string>(),
            "IterativeMagnitudePruner", "MagnitudePruner",
        ];
        string module = e.Module.Length > 0 ? e.Module : Culprit(context.Network, e.Message);
        string where = module == e.Module ? "" : $" It is that of '{module}'.";
        string others = string.Join(", ", names.Where(name => name != refusing));
        return new($"{e.Message}{where} {Sentence} {others} and RandomPruner.", e) { Module = module };
    }

    private static bool IsFloating(ScoringContext context) =>
        context.InputType is null or ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;

    // The module whose operation libtorch names in an error (aten::hardsigmoid_backward).
    private static string Culprit(Network network, string message) => network.Modules.FirstOrDefault(
        hooked => message.Contains($"aten::{hooked.Module.GetType().Name}", StringComparison.OrdinalIgnoreCase))?.Name ?? "";

    private static bool HasPaths(Network network)
    {
        if (!network.IsProbed || !network.CanSubstitute) return false;
        try
        {
            using var weights = new MaskedWeights(network, null);
            PathLinearity.Check(network, weights.SquaredTheta);
            return true;
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            return false;
        }
    }

    // Whether the loss can be differentiated, and once more, by what the layers return. Where hooks see no layer that is assumed.
    private static (bool Once, bool Twice) TryDerivatives(ScoringContext context)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        bool once = false;
        try
        {
            var offset = zeros(1, context.Network.ComputeType, context.Network.Device).requires_grad_();
            var L = Loss(context, offset);
            if (!L.requires_grad) return (true, true);
            autograd.backward([L], inputs: [offset]);
            once = true;
            // Safe after a backward pass that did not throw.
            var dL = autograd.grad([Loss(context, offset)], [offset], retain_graph: true, create_graph: true)[0];
            if (dL.requires_grad) autograd.backward([dL.sum()], inputs: [offset]);
            return (true, true);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            // The network's own error, or that of the caller's loss.
            return (once, false);
        }
    }

    private static Tensor Loss(ScoringContext context, Tensor offset)
    {
        var network = context.Network;
        var evaluation = new OffsetEvaluation(offset);
        if (context.Batches.Count == 0)
        {
            var sample = network.Sample!.Fill(2, shape => ones([2, .. shape], network.ComputeType, network.Device));
            return network.Run(evaluation, sample).square().sum();
        }

        var (input, target) = context.Batches[0];
        long few = Math.Min(2, input.Samples);
        return context.Loss(network.Run(evaluation, input.Narrow(0, few)), target.narrow(0, 0, few));
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
