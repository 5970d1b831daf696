namespace Px.Pruning.Scopes;

/// <summary>The one place where a density becomes a number of weights.</summary>
internal static class KeepCount
{
    /// <summary><c>round(density · total)</c>, halves away from zero.</summary>
    /// <param name="density">The fraction to keep, in [0, 1].</param>
    /// <param name="total">The number of weights, pruned ones included.</param>
    public static long Round(double density, long total) => (long)Math.Round(density * total, MidpointRounding.AwayFromZero);
}
