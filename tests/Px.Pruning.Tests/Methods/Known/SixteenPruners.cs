using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Known;

/// <summary>Every pruner that comes with its method, as cheap as it allows.</summary>
internal static class SixteenPruners
{
    /// <summary>In the order of README's table. train: what IMP calls each round.</summary>
    internal static IReadOnlyList<IPruner> With(Action<Module<Tensor, Tensor>> train) =>
    [
        new PathExclusionPruner(), new ReleasedPathExclusionPruner(), new SnipPruner(), new IterSnipPruner(), new ForcePruner(),
        new GraspPruner(), new ProsPrPruner { Steps = 1 }, new SynFlowPruner(), new SynFlowL2Pruner(), new LogSynFlowPruner(),
        new NtkSapPruner { Samples = 4, Repeats = 1 }, new WideTopoPruner { Restorations = 0 }, new PhewPruner(),
        new IterativeMagnitudePruner((model, _) => train(model)), new MagnitudePruner(), new RandomPruner(),
    ];
}
