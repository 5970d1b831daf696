using System.Globalization;
using Px.Pruning.Shrinking;
using Px.Runner.CommandLines;

namespace Px.Benchmarks.Channels;

/// <summary>What <c>bench channels-accuracy</c> trains.</summary>
internal sealed record AccuracyOptions
{
    private static readonly string[] knownMethods = ["px", "synflow", "snip", "magnitude", "random"];

    public IReadOnlyList<string> Methods { get; init; } = knownMethods;

    public IReadOnlyList<string> Rankings { get; init; } = Enum.GetNames<ChannelRanking>();

    /// <summary>Shares of the FLOPs that stay at most.</summary>
    public IReadOnlyList<double> Shares { get; init; } = [0.5, 0.25];

    public IReadOnlyList<int> Seeds { get; init; } = [1, 2, 3];

    /// <summary>Training images; null for all 60,000.</summary>
    public int? Train { get; init; }

    public int Epochs { get; init; } = 10;

    public int MaxRounds { get; init; } = 20;

    public string File { get; init; } = "channels-accuracy.txt";

    public string? Data { get; init; }

    internal static OptionSet<AccuracyOptions> Define()
    {
        var defaults = new AccuracyOptions();
        return new OptionSet<AccuracyOptions>(defaults)
            .Add("--methods", "LIST", "px, synflow, snip, magnitude, random [all]", (o, value) => o with { Methods = value.List(item => item.OneOf(knownMethods)) })
            .Add("--rankings", "LIST", $"{string.Join(", ", defaults.Rankings)} [all]",
                (o, value) => o with { Rankings = value.List(item => item.OneOf(Enum.GetNames<ChannelRanking>())) })
            .Add("--shares", "LIST", "shares of the FLOPs that stay at most [0.5,0.25]", (o, value) => o with { Shares = value.List(item => item.Fraction("FLOPs to keep")) })
            .Add("--seeds", "LIST", "give each process its own, on one file [1,2,3]", (o, value) => o with { Seeds = value.List(item => item.Whole(0, int.MaxValue)) })
            .Add("--train", "N", "training images [all]", (o, value) => o with { Train = value.Whole(1, 60_000) })
            .Add("--epochs", "N", $"epochs of training [{defaults.Epochs}]", (o, value) => o with { Epochs = value.Whole(0, 10_000) })
            .Add("--max-rounds", "N", $"rounds at most, where a method iterates [{defaults.MaxRounds}]", (o, value) => o with { MaxRounds = value.Whole(1, 10_000) })
            .Add("--file", "PATH", $"a line for each network that was trained; what is there is not trained again [{defaults.File}]", (o, value) => o with { File = value.Text })
            .Add("--data", "FOLDER", "where Fashion-MNIST lies [Debian's package]", (o, value) => o with { Data = value.Text });
    }

    /// <summary>What is trained in the same way, as the lines of the file have it.</summary>
    internal string Setting => string.Create(CultureInfo.InvariantCulture, $"{Train ?? 60_000}x{Epochs}");
}
