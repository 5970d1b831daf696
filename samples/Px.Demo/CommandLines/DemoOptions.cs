namespace Px.Demo.CommandLines;

/// <summary>What the command line asks for; the defaults are a run of about ten minutes on two cores.</summary>
internal sealed record DemoOptions
{
    /// <summary>Passes over the training images, at least 1.</summary>
    public int Epochs { get; init; } = 2;

    /// <summary>Training images, 1 to 60,000, taken evenly from the ten classes.</summary>
    public int TrainSamples { get; init; } = 10_000;

    /// <summary>Test images, 1 to 10,000, taken evenly from the ten classes.</summary>
    public int TestSamples { get; init; } = 5_000;

    /// <summary>Images in a training batch, at least 2: batch norm needs more than one.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Pruning methods in the order of the table.</summary>
    public IReadOnlyList<string> Methods { get; init; } = PruningMethods.Names;

    /// <summary>Fractions of weights to remove, each in [0, 1).</summary>
    public IReadOnlyList<double> Sparsities { get; init; } = [0.9, 0.98];

    /// <summary>Pruning rounds of every method, at least 1; null for each method's own number, but at most <see cref="PruningMethods.MostRoundsByDefault"/>.</summary>
    public int? Rounds { get; init; }

    /// <summary>Decides initial weights, data order and random masks; the same for every network.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Whether to run on the first CUDA device instead of the CPU.</summary>
    public bool Cuda { get; init; }

    /// <summary>Where Fashion-MNIST lies; null to look for it.</summary>
    public string? Data { get; init; }

    /// <summary>The folder that masks, weights, reports and the table are written to.</summary>
    public string Output { get; init; } = "demo-output";

    /// <summary>These options with the small numbers of <c>--quick</c>: enough to see that all of it works, not to learn anything from the table.</summary>
    public DemoOptions Quick() => this with { Epochs = 1, TrainSamples = 1280, TestSamples = 500, Batch = 32, Sparsities = [0.9], Rounds = 2 };
}
