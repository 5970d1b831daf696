using Px.Pruning.Tests.Networks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>Every pruner and variant, by name, for theories.</summary>
public static class AllPruners
{
    private static readonly Dictionary<string, IPruner> byName = new()
    {
        ["PX"] = new PathExclusionPruner(),
        ["PX joint"] = new PathExclusionPruner { Objective = PxObjective.Joint },
        ["PX kernel only"] = new PathExclusionPruner { Objective = PxObjective.KernelOnly },
        ["PX running |theta|"] = new PathExclusionPruner { NormStatistics = NormStatistics.Running, Weighting = PxWeighting.Absolute },
        ["SNIP"] = new SnipPruner(),
        ["SNIP running"] = new SnipPruner { NormStatistics = NormStatistics.Running },
        ["IterSNIP"] = new IterSnipPruner(),
        ["FORCE"] = new ForcePruner(),
        ["GraSP"] = new GraspPruner(),
        ["GraSP running"] = new GraspPruner { NormStatistics = NormStatistics.Running },
        ["ProsPR"] = new ProsPrPruner { Momentum = 0.5 },
        ["ProsPR first order"] = new ProsPrPruner { FirstOrder = true },
        ["PX released"] = new ReleasedPathExclusionPruner(),
        ["SynFlow"] = new SynFlowPruner(),
        ["SynFlow-L2"] = new SynFlowL2Pruner(),
        ["LogSynFlow"] = new LogSynFlowPruner(),
        ["NTK-SAP"] = new NtkSapPruner { Samples = 6, Repeats = 2 },
        ["WideTopo"] = new WideTopoPruner { Restorations = 1 },
        ["WideTopo trace"] = new WideTopoPruner { AlignmentWeight = 0, Restorations = 0 },
        ["Magnitude"] = new MagnitudePruner(),
        ["Random"] = new RandomPruner(),
        ["PHEW"] = new PhewPruner(),
        ["IMP"] = new IterativeMagnitudePruner((model, _) => Ripple(model)),
    };

    public static IReadOnlyCollection<string> All => byName.Keys;

    public static TheoryData<string> Names => [.. byName.Keys];

    public static TheoryData<string> DataDriven => [.. byName.Where(p => p.Value.NeedsData).Select(p => p.Key)];

    /// <summary>Methods that can score networks whose layers no hook sees, in any type.</summary>
    public static TheoryData<string> NeedNoGates =>
        [.. byName.Where(p => p.Value is not (Pruner { Needs.Hooks: true } or Pruner { Needs.Float64: true })).Select(p => p.Key)];

    public static IPruner Get(string name) => byName[name];

    /// <summary>A training that knows no data: makes every other weight half as large again.</summary>
    private static void Ripple(Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var parameter in model.parameters()) parameter.mul_((arange(parameter.numel()).remainder(2) / 2 + 1).reshape(parameter.shape));
    }
}
