namespace Px.GpuCheck;

/// <summary>All checks, in their order.</summary>
public static class Catalog
{
    public static IReadOnlyList<Check> Checks { get; } =
    [
        .. MethodCatalog.Published.Select(name => new Check($"method-{name}", context => MethodCheck.Run(name, context))),
        new("odd-network", MethodCheck.RunOdd),
        new("analysis", NetworkChecks.Analysis),
        new("ntk", NetworkChecks.Ntk),
        new("shrink", NetworkChecks.Shrink),
        new("files", NetworkChecks.Files),
        .. SampleCheck.All,
        new("time-px", TimeCheck.Run),
    ];
}
