namespace Px.Demo;

/// <summary>The methods that the demo compares, by the names that its command line uses.</summary>
internal static class PruningMethods
{
    /// <summary>PX's authors use 100 rounds; ten show the same picture in a tenth of the time.</summary>
    public const int MostRoundsByDefault = 10;

    public static IReadOnlyList<string> Names { get; } = ["px", "snip", "magnitude", "random"];
}
