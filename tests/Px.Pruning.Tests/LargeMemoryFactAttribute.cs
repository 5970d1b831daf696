namespace Px.Pruning.Tests;

/// <summary>A test that takes gigabytes: skipped where they are not available.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LargeMemoryFactAttribute : FactAttribute
{
    private const string ByHand = "PX_BY_HAND";

    public LargeMemoryFactAttribute(long gibibytes, bool byHand = false)
    {
        if (byHand && Environment.GetEnvironmentVariable(ByHand) is null)
        {
            Skip = $"Only by hand: set {ByHand}=1.";
            return;
        }

        long available = Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, SystemAvailable());
        if (available < gibibytes << 30) Skip = $"It takes {gibibytes} GiB of memory, and {available >> 20} MiB are available.";
    }

    private static long SystemAvailable()
    {
        if (!OperatingSystem.IsLinux()) return long.MaxValue;
        string line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return 1024 * long.Parse(line["MemAvailable:".Length..^2].Trim(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
