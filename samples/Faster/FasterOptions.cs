using System.Globalization;
using Px.Runner;
using Px.Runner.CommandLines;

namespace Px.Samples.Faster;

/// <summary>What the command line asks for.</summary>
public sealed record FasterOptions
{
    /// <summary>The share of FLOPs that stays at most, above 0 and below 1.</summary>
    public double Keep { get; init; } = 0.5;

    /// <summary>18, 34, 50, 101 or 152.</summary>
    public int Depth { get; init; } = 18;

    /// <summary>The channels of the first stage.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Height and width of the images.</summary>
    public int Side { get; init; } = 224;

    /// <summary>Images in a timed batch.</summary>
    public int Batch { get; init; } = 8;

    /// <summary>Decides the initial weights.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Whether to run on the first CUDA device instead of the CPU.</summary>
    public bool Cuda { get; init; }

    /// <summary>What the sample understands.</summary>
    public static OptionSet<FasterOptions> Define()
    {
        var defaults = new FasterOptions();
        return new OptionSet<FasterOptions>(defaults)
            .Add("--keep", "X", string.Create(CultureInfo.InvariantCulture, $"the share of FLOPs that stays at most, above 0 and below 1 [{defaults.Keep}]"),
                (options, value) => options with { Keep = value.Fraction("FLOPs to keep") })
            .Add("--depth", "N", $"18, 34, 50, 101 or 152 [{defaults.Depth}]",
                (options, value) => options with { Depth = int.Parse(value.OneOf(["18", "34", "50", "101", "152"]), CultureInfo.InvariantCulture) })
            .Add("--width", "N", $"the channels of the first stage [{defaults.Width}]", (options, value) => options with { Width = value.Whole(8, 1024) })
            .Add("--side", "N", $"height and width of the images [{defaults.Side}]", (options, value) => options with { Side = value.Whole(32, 2048) })
            .Add("--batch", "N", $"images in a timed batch [{defaults.Batch}]", (options, value) => options with { Batch = value.Whole(1, 1024) })
            .Add("--seed", "N", $"decides the initial weights [{defaults.Seed}]", (options, value) => options with { Seed = value.Whole(0, int.MaxValue) })
            .Add("--device", "NAME", "cpu or cuda [cpu]", (options, value) => options with { Cuda = value.OneOf(Devices.Names) == "cuda" });
    }
}
