namespace Px.Benchmarks.Authors;

/// <summary>Every method by the name that the comparison calls it. PHEW, whose walks are Python and numpy, is left to Python.</summary>
internal static class Methods
{
    internal static IReadOnlyDictionary<string, Score> All { get; } = new Dictionary<string, Score>
    {
        ["PX"] = PathExclusion.Batch,
        ["PX-running"] = PathExclusion.Running,
        ["PX-released"] = PathExclusion.Released,
        ["SynFlow"] = Flow.SynFlow,
        ["SynFlow-L2"] = Flow.SynFlowL2,
        ["LogSynFlow"] = Flow.LogSynFlow,
        ["SNIP"] = Gradients.Snip,
        ["IterSNIP"] = Gradients.IterSnip,
        ["FORCE"] = Gradients.Force,
        ["GraSP"] = Gradients.Grasp,
        ["NTK-SAP"] = Ntk.NtkSap,
        ["ProsPR"] = Meta.ProsPr,
        ["Random"] = Baselines.Random,
        ["Magnitude"] = Baselines.Magnitude,
    };
}
