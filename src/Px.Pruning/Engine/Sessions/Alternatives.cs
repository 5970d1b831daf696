using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using Px.Pruning.Engine.Wiring;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Sessions;

// Which pruners accept a network that another one refuses: tried on two samples, not assumed.
internal static class Alternatives
{
    private const string Sentence = "As it is, the network can be pruned by";

    internal static bool AreIn(UnsupportedModelException e) => e.Message.Contains(Sentence, StringComparison.Ordinal);

    internal static UnsupportedModelException AddTo(UnsupportedModelException e, ScoringContext context, string refusing)
    {
        var (once, twice, _) = Derivatives.Try(context, context.Network.UsualType);
        string[] names =
        [
            .. HasPaths(context) ? ["SynFlowL2Pruner", "SynFlowPruner", "LogSynFlowPruner"] : Array.Empty<string>(),
            .. once ? ["SnipPruner", "IterSnipPruner", "ForcePruner"] : Array.Empty<string>(),
            .. twice ? ["GraspPruner", "ProsPrPruner"] : Array.Empty<string>(),
            .. once && IsFloating(context) ? ["NtkSapPruner"] : Array.Empty<string>(),
            .. twice && IsFloating(context) && RunsInFloat64(context) ? ["WideTopoPruner"] : Array.Empty<string>(),
            "IterativeMagnitudePruner", "MagnitudePruner",
        ];
        string module = e.Module.Length > 0 ? e.Module : Culprit(context.Network, e.Message);
        string where = module == e.Module ? "" : $" It is that of '{module}'.";
        string others = string.Join(", ", names.Where(name => name != refusing));
        return new($"{e.Message}{where} {Sentence} {others} and RandomPruner.", e.InnerException ?? e) { Module = module };
    }

    private static bool IsFloating(ScoringContext context) =>
        context.InputType is null or ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;

    private static bool RunsInFloat64(ScoringContext context)
    {
        var network = context.Network;
        if (network.WeightType == ScalarType.Float64) return true;
        if (!network.CanWiden) return false;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        try
        {
            var sample = context.Batches.Count > 0
                ? context.Batches[0].Input.Narrow(0, 1).To(ScalarType.Float64)
                : network.Sample!.Full(1, ScalarType.Float64, network.Device);
            return network.Run(new ShapeEvaluation { NotesShapes = false }, sample).dtype == ScalarType.Float64;
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            return false;
        }
    }

    // The module whose operation libtorch names in an error (aten::hardsigmoid_backward).
    private static string Culprit(Network network, string message) => network.Modules.FirstOrDefault(
        hooked => message.Contains($"aten::{hooked.Module.GetType().Name}", StringComparison.OrdinalIgnoreCase))?.Name ?? "";

    private static bool HasPaths(ScoringContext context)
    {
        var network = context.Network;
        if (!network.IsProbed || !network.CanSubstitute) return false;
        try
        {
            Gates.Find(network, context.Token);
            using var weights = new MaskedWeights(network, null);
            PathLinearity.Check(network, weights.SquaredTheta);
            return true;
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            return false;
        }
    }
}
