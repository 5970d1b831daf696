using Px.Runner.Training;

namespace Px.Runner.Experiments;

/// <summary>What the samples' command lines have in common.</summary>
public abstract record ExperimentOptions
{
    /// <summary>Where the data lies; null to look for it.</summary>
    public string? Data { get; init; }

    /// <summary>Pruning methods, in the order of the table; names of <see cref="MethodCatalog"/>.</summary>
    public IReadOnlyList<string> Methods { get; init; } = ["px", "snip", "magnitude", "random"];

    /// <summary>Fractions of weights to remove, each in [0, 1).</summary>
    public IReadOnlyList<double> Sparsities { get; init; } = [0.9];

    /// <summary>The least fraction of each layer that is kept, in [0, 1); 0 for none.</summary>
    public double MinimumDensity { get; init; }

    /// <summary>The most pruning rounds of methods that iterate, at least 1; null for as many as their authors use.</summary>
    public int? MaxRounds { get; init; }

    /// <summary>Seeds of initial weights, data order and random masks: every network is made once for each.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [1];

    /// <summary>Whether to train the network that nothing is removed from, to compare with.</summary>
    public bool Dense { get; init; } = true;

    /// <summary>Passes over the training data; null for the recipe's.</summary>
    public int? Epochs { get; init; }

    /// <summary>Samples a step; null for the recipe's.</summary>
    public int? Batch { get; init; }

    /// <summary>Pieces of a batch, at least 1.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; }

    /// <summary>The highest learning rate; null for the recipe's.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The most training samples, at least 1; null for all.</summary>
    public int? TrainSamples { get; init; }

    /// <summary>The most test samples, at least 1; null for all.</summary>
    public int? TestSamples { get; init; }

    /// <summary>Whether to test after every epoch and to report the best.</summary>
    public bool TestEveryEpoch { get; init; }

    /// <summary>Whether to run on the first CUDA device instead of the CPU.</summary>
    public bool Cuda { get; init; }

    /// <summary>The folder that everything is written to.</summary>
    public required string Output { get; init; }

    /// <summary>Whether to go on with the run that <see cref="Output"/> holds.</summary>
    public bool Resume { get; init; }

    /// <summary>The recipe with what the command line changes of it.</summary>
    public Recipe Apply(Recipe recipe)
    {
        if (Optimizer == OptimizerKind.Adam)
            recipe = recipe.WithAdam();
        return recipe with
        {
            Epochs = Epochs ?? recipe.Epochs,
            BatchSize = Batch ?? recipe.BatchSize,
            LearningRate = LearningRate ?? recipe.LearningRate,
            Accumulate = Accumulate,
        };
    }
}
