using System.Globalization;

namespace Px.Benchmarks.Comparison;

/// <summary>What Linux says about this process's memory, in bytes.</summary>
internal static class ProcessMemory
{
    internal static long Resident() => Status("VmRSS:");

    /// <summary>The most that was ever resident since <see cref="ResetPeak"/>.</summary>
    internal static long Peak() => Status("VmHWM:");

    /// <summary>Where the system forbids it, the peak is that of the start-up at least, which only the pruning can have raised.</summary>
    internal static void ResetPeak()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>The path of a loaded library.</summary>
    internal static string Library(string name) =>
        File.ReadLines("/proc/self/maps").FirstOrDefault(line => line.Contains(name, StringComparison.Ordinal))?.Split(' ')[^1] ?? "none";

    private static long Status(string field)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line[field.Length..^2], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }
}
