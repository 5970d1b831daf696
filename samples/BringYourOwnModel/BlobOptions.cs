using System.Globalization;
using Px.Runner;
using Px.Runner.CommandLines;

namespace Px.Samples.BringYourOwnModel;

/// <summary>What the command line asks for.</summary>
public sealed record BlobOptions
{
    /// <summary>The fraction of weights to remove, in [0, 1).</summary>
    public double Sparsity { get; init; } = 0.9;

    /// <summary>Training steps, at least 1.</summary>
    public int Steps { get; init; } = 200;

    /// <summary>Decides initial weights and the data that is pruned on.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Whether to run on the first CUDA device instead of the CPU.</summary>
    public bool Cuda { get; init; }

    /// <summary>Whether to take the module of two inputs.</summary>
    public bool TwoInputs { get; init; }

    /// <summary>The folder for mask and weights.</summary>
    public string Output { get; init; } = "own-model-output";

    /// <summary>What the sample understands.</summary>
    public static OptionSet<BlobOptions> Define()
    {
        var defaults = new BlobOptions();
        return new OptionSet<BlobOptions>(defaults)
            .Add("--sparsity", "X", string.Create(CultureInfo.InvariantCulture, $"the fraction of weights to remove, in [0, 1) [{defaults.Sparsity}]"),
                (options, value) => options with { Sparsity = value.Fraction() })
            .Add("--steps", "N", $"training steps [{defaults.Steps}]", (options, value) => options with { Steps = value.Whole(1, 1_000_000) })
            .Add("--seed", "N", $"decides the initial weights [{defaults.Seed}]", (options, value) => options with { Seed = value.Whole(0, int.MaxValue) })
            .Add("--device", "NAME", "cpu or cuda [cpu]", (options, value) => options with { Cuda = value.OneOf(Devices.Names) == "cuda" })
            .Add("--output", "FOLDER", $"where mask and weights go [{defaults.Output}]", (options, value) => options with { Output = value.Text })
            .AddFlag(["--two-inputs"], "a module with two inputs and a tuple as output instead", options => options with { TwoInputs = true });
    }
}
