using Px.Experiments.Inputs;
using Px.Experiments.Running;
using Px.Runner.Experiments;

namespace Px.Experiments.Grids;

/// <summary>Networks to make: one for each combination of what the lists name.</summary>
public sealed record Grid
{
    /// <summary>Architectures; ResNet-20 by default.</summary>
    public IReadOnlyList<string> Models { get; init; } = ["resnet20"];

    /// <summary>Data sets; CIFAR-10 by default.</summary>
    public IReadOnlyList<string> Data { get; init; } = ["cifar10"];

    /// <summary>Where the weights come from; drawn by default.</summary>
    public IReadOnlyList<string> Initializations { get; init; } = [Cell.FromScratch];

    /// <summary>Methods, and <see cref="Cell.Dense"/>, which is made once for all sparsities and rounds.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [Cell.Dense, "px"];

    /// <summary>Fractions of weights to remove, each in [0, 1).</summary>
    public IReadOnlyList<double> Sparsities { get; init; } = [0.9];

    /// <summary>Rounds of those methods that iterate; empty, the default, for as many as their authors use. The others have one, and are made once.</summary>
    public IReadOnlyList<int> Rounds { get; init; } = [];

    /// <inheritdoc cref="Cell.MinimumDensity"/>
    public double MinimumDensity { get; init; }

    /// <inheritdoc cref="Cell.ScoredOn"/>
    public string ScoredOn { get; init; } = ScoredSamples.Own;

    /// <summary>Seeds; 1 by default.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [1];

    /// <summary>Passes over the training data, 0 to only prune; null, the default, for the recipe's.</summary>
    public int? Epochs { get; init; }

    /// <inheritdoc cref="Cell.Batch"/>
    public int? Batch { get; init; }

    /// <inheritdoc cref="Cell.LearningRate"/>
    public double? LearningRate { get; init; }

    /// <inheritdoc cref="Cell.TrainSamples"/>
    public int? TrainSamples { get; init; }

    /// <inheritdoc cref="Cell.TestSamples"/>
    public int? TestSamples { get; init; }

    /// <inheritdoc cref="Cell.SpectrumSamples"/>
    public int SpectrumSamples { get; init; }

    /// <inheritdoc cref="Cell.TimingRepeats"/>
    public int TimingRepeats { get; init; } = 1;

    /// <summary>The cells, seed by seed: the dense network, then sparsity by sparsity.</summary>
    public IEnumerable<Cell> Cells() =>
        from model in Models
        from data in Data
        from initialization in Initializations
        from seed in Seeds
        from choice in Choices()
        select new Cell
        {
            Model = model,
            Data = data,
            Initialization = initialization,
            Method = choice.Method,
            Sparsity = choice.Sparsity,
            Rounds = choice.Rounds,
            MinimumDensity = choice.Method == Cell.Dense ? 0 : MinimumDensity,
            ScoredOn = choice.Method == Cell.Dense ? ScoredSamples.Own : ScoredOn,
            Seed = seed,
            Epochs = Epochs ?? CellRecipe.Usual(data, initialization).Epochs,
            Batch = Batch,
            LearningRate = LearningRate,
            TrainSamples = TrainSamples,
            TestSamples = TestSamples,
            SpectrumSamples = SpectrumSamples,
            // IMP, which trains, is too slow to be timed twice.
            TimingRepeats = choice.Method is Cell.Dense or MethodCatalog.Imp ? 1 : TimingRepeats,
        };

    private IEnumerable<(string Method, double Sparsity, int? Rounds)> Choices()
    {
        if (Methods.Contains(Cell.Dense))
            yield return (Cell.Dense, 0, null);
        foreach (var sparsity in Sparsities)
        {
            foreach (var method in Methods.Where(method => method != Cell.Dense))
            {
                foreach (var rounds in Rounds.Count > 0 && MethodCatalog.Iterates(method) ? Rounds.Select(rounds => (int?)rounds) : [null])
                    yield return (method, sparsity, rounds);
            }
        }
    }
}
