using Px.Pruning;

namespace Px.Demo;

/// <summary>The methods the demo knows, by the names that its command line uses.</summary>
internal static class PruningMethods
{
    /// <summary>PX's authors use 100 rounds; ten show the same picture in a tenth of the time.</summary>
    public const int MostRoundsByDefault = 10;

    private static readonly (string Name, Func<IPruner> Create)[] Known =
    [
        ("px", () => new PathExclusionPruner()),
        ("snip", () => new SnipPruner()),
        ("magnitude", () => new MagnitudePruner()),
        ("random", () => new RandomPruner()),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(method => method.Name)];

    public static IPruner Create(string name) => Known.First(method => method.Name == name).Create();
}
