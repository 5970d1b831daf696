using Microsoft.Extensions.Logging;

namespace Px.Pruning.Analysis;

/// <summary>Whose Neural Tangent Kernel is taken, and how: for every call of <see cref="NtkAnalysis"/>.</summary>
public sealed record NtkOptions
{
    private readonly NtkOutputs outputs;
    private readonly int batchSize = 128;
    private readonly int microBatch = 16;
    private readonly long memoryBudget = 1L << 30;
    private readonly int? probes;
    private readonly int count = 10;
    private readonly double tolerance = 1e-4;
    private readonly int maxSteps = 20;

    /// <summary>The samples: read as for pruning, in the same order. Default ten a class. Targets only tell classes apart.</summary>
    public DataBudget Data { get; init; } = DataBudget.PerClass(10);

    /// <summary>Which weights are differentiated. Default: those of every convolution, transposed convolution and linear layer.</summary>
    /// <remarks>A mask holds for the weights that are left out here, too: they are constants, pruned or not.</remarks>
    public ParameterSelection Parameters { get; init; } = ParameterSelection.Default;

    /// <summary>
    /// Whether every parameter of the model is differentiated, biases and norm layers' γ and β included, and
    /// <see cref="Parameters"/> is not asked. Default <see langword="false"/>.
    /// </summary>
    public bool AllParameters { get; init; }

    /// <summary>Which outputs have rows. Default <see cref="NtkOutputs.Each"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no member of the enumeration.</exception>
    public NtkOutputs Outputs
    {
        get => outputs;
        init => outputs = Enum.IsDefined(value) ? value
            : throw new ArgumentOutOfRangeException(nameof(Outputs), value, "Not a choice of outputs.");
    }

    /// <summary>
    /// Where normalisation layers, which are constant maps here, take their statistics from. Default <see cref="NormStatistics.Auto"/>.
    /// Statistics of the data are those of the masked network, pooled over batches of <see cref="BatchSize"/>.
    /// </summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.Auto;

    /// <summary>Samples in a batch while statistics are taken, at least 1. Default 128. Otherwise it changes nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int BatchSize { get => batchSize; init => batchSize = AtLeast(1, value, nameof(BatchSize)); }

    /// <summary>Samples in one differentiated pass of <see cref="NtkAnalysis.TopEigenvalues"/>, at least 1. Default 16. The others take
    /// one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MicroBatch { get => microBatch; init => microBatch = AtLeast(1, value, nameof(MicroBatch)); }

    /// <summary>
    /// Bytes for what is collected beside the passes of the network themselves, at least 1. Default 1 GiB. A Jacobian that does not fit is
    /// made in several turns, each of which costs all backward passes again.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long MemoryBudget
    {
        get => memoryBudget;
        init => memoryBudget = Require.AtLeast(1, value);
    }

    /// <summary>
    /// Random vectors a sample from which traces are estimated, at least 2. Default <see langword="null"/>: the trace is exact.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? Probes { get => probes; init => probes = value is { } given ? AtLeast(2, given, nameof(Probes)) : null; }

    /// <summary>How many eigenvalues <see cref="NtkAnalysis.TopEigenvalues"/> looks for, at least 1. Default 10.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Count { get => count; init => count = AtLeast(1, value, nameof(Count)); }

    /// <summary>
    /// When <see cref="NtkAnalysis.TopEigenvalues"/> is content: residuals of at most this fraction of the largest eigenvalue; above 0 and
    /// below 1. Default 1e-4. Single precision reaches about 1e-6.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not inside (0, 1).</exception>
    public double Tolerance
    {
        get => tolerance;
        init => tolerance = value > 0 && value < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "The tolerance is a fraction above 0 and below 1.");
    }

    /// <summary>After how many steps <see cref="NtkAnalysis.TopEigenvalues"/> gives up, at least 1. Default 20.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxSteps { get => maxSteps; init => maxSteps = AtLeast(1, value, nameof(MaxSteps)); }

    /// <summary>Of random vectors: the same seed, the same numbers. Default 0. The global generators are left in the state they were found
    /// in.</summary>
    public long Seed { get; init; }

    /// <summary>Receives warnings about the data. Default <see langword="null"/>: silent.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>Receives a report after each backward pass. Default <see langword="null"/>.</summary>
    public IProgress<NtkProgress>? Progress { get; init; }

    private static int AtLeast(int least, int value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        return value;
    }
}

/// <summary>Which numbers of a network's output have a row in the Neural Tangent Kernel.</summary>
public enum NtkOutputs
{
    /// <summary>Every number of the output of every sample. The default.</summary>
    Each,

    /// <summary>One a sample: the sum of its outputs, over classes and, for dense outputs, positions.</summary>
    Sum,
}

/// <summary>Where a running call of <see cref="NtkAnalysis"/> stands.</summary>
/// <param name="Done">Backward passes done.</param>
/// <param name="Total">Backward passes in all; an upper bound where the call ends once its numbers are good enough.</param>
/// <param name="Elapsed">Time since the call began.</param>
public sealed record NtkProgress(long Done, long Total, TimeSpan Elapsed);
