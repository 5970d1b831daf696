using System.Globalization;
using static TorchSharp.torch;

namespace Px.GpuCheck;

/// <summary>One thing that has to hold on a device.</summary>
/// <param name="Name">Its name, one word of a command line.</param>
/// <param name="Run">Does it, and says in a line what was seen. What it throws is why it failed.</param>
public sealed record Check(string Name, Func<CheckContext, string> Run)
{
    /// <summary>How long it may take.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>What a check works with.</summary>
/// <param name="Device">The device that is checked. On the CPU sizes are small: it is a dry run of the checks.</param>
/// <param name="Folder">Where files may be written.</param>
public sealed record CheckContext(Device Device, string Folder)
{
    /// <summary>The most seconds that PX may take in the check of its time; null where that is not judged.</summary>
    public double? PxSeconds { get; init; }

    public bool IsDryRun => Device.type == TorchSharp.DeviceType.CPU;

    /// <summary>What <c>--device</c> of the samples is given.</summary>
    public string DeviceName => IsDryRun ? "cpu" : "cuda";
}

/// <summary>A check that found something else than it should.</summary>
public sealed class CheckFailedException(string message) : Exception(message);

/// <summary>What became of a check.</summary>
public sealed record CheckResult(string Name, bool Passed, double Seconds, string Detail)
{
    private const string Mark = "@check";

    /// <summary>A line by which a process tells another.</summary>
    public string ToLine() => string.Join('\t', Mark, Name, Passed, Seconds.ToString("R", CultureInfo.InvariantCulture), Detail.ReplaceLineEndings(" "));

    /// <summary>What such a line says; null for any other line.</summary>
    public static CheckResult? Parse(string line) => line.Split('\t') is [Mark, var name, var passed, var seconds, var detail]
        ? new(name, bool.Parse(passed), double.Parse(seconds, CultureInfo.InvariantCulture), detail)
        : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Passed ? "passed" : "FAILED")}  {Name,-24} {Seconds,6:F1} s  {Detail}");
}
