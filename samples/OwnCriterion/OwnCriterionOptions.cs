using System.Globalization;
using Px.Runner;
using Px.Runner.CommandLines;

namespace Px.Samples.OwnCriterion;

/// <summary>What the command line asks for.</summary>
public sealed record OwnCriterionOptions
{
    /// <summary>The fraction of weights to remove, in [0, 1).</summary>
    public double Sparsity { get; init; } = 0.99;

    /// <summary>6n + 2, from 8 to 110.</summary>
    public int Depth { get; init; } = 20;

    /// <summary>Pruning rounds, at least 1.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Decides the initial weights and the images.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Whether to run on the first CUDA device instead of the CPU.</summary>
    public bool Cuda { get; init; }

    /// <summary>What the sample understands.</summary>
    public static OptionSet<OwnCriterionOptions> Define()
    {
        var defaults = new OwnCriterionOptions();
        string[] depths = [.. Enumerable.Range(1, 18).Select(n => $"{(6 * n) + 2}")];
        return new OptionSet<OwnCriterionOptions>(defaults)
            .Add("--sparsity", "X", string.Create(CultureInfo.InvariantCulture, $"the fraction of weights to remove, in [0, 1) [{defaults.Sparsity}]"),
                (options, value) => options with { Sparsity = value.Fraction() })
            .Add("--depth", "N", $"8, 14, 20, ... 110 [{defaults.Depth}]", (options, value) => options with { Depth = int.Parse(value.OneOf(depths), CultureInfo.InvariantCulture) })
            .Add("--rounds", "N", $"pruning rounds [{defaults.Rounds}]", (options, value) => options with { Rounds = value.Whole(1, 10_000) })
            .Add("--seed", "N", $"decides the initial weights and the images [{defaults.Seed}]", (options, value) => options with { Seed = value.Whole(0, int.MaxValue) })
            .Add("--device", "NAME", "cpu or cuda [cpu]", (options, value) => options with { Cuda = value.OneOf(Devices.Names) == "cuda" });
    }
}
