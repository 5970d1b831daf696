using Microsoft.Extensions.Logging;

namespace Px.Pruning.Analysis;

/// <summary>Which Neural Tangent Kernel <see cref="NtkAnalysis"/> computes: the samples, the parameters and the outputs.</summary>
public sealed record NtkOptions
{
    private readonly int batchSize = 128;
    private readonly long memoryBudget = 1L << 30;

    /// <summary>The samples: read as for pruning, in the same order. Default ten a class. Targets only tell classes apart.</summary>
    public DataBudget Data { get; init; } = DataBudget.PerClass(10);

    /// <summary>Which weights are differentiated. Default: those of every convolution, transposed convolution and linear layer.</summary>
    /// <remarks>A mask holds for the weights that are left out here, too: they are constants, pruned or not.</remarks>
    public ParameterSelection Parameters { get; init; } = ParameterSelection.Default;

    /// <summary>Whether every parameter of the model is differentiated, including biases and the norm layers' γ and β;
    /// <see cref="Parameters"/> is then ignored. Default <see langword="false"/>.</summary>
    public bool AllParameters { get; init; }

    /// <summary>Whether the kernel has one row a sample, for the sum of its outputs over classes and, for dense outputs, positions, instead
    /// of one row for each output. Default <see langword="false"/>.</summary>
    public bool SumOutputs { get; init; }

    /// <summary>
    /// Where normalisation layers, which are constant maps here, take their statistics from. Default <see cref="NormStatistics.Auto"/>.
    /// Statistics of the data are those of the masked network, pooled over batches of <see cref="BatchSize"/>.
    /// </summary>
    public NormStatistics NormStatistics { get; init; } = NormStatistics.Auto;

    /// <summary>Samples in a batch while statistics are taken, at least 1. Default 128. Otherwise it changes nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int BatchSize { get => batchSize; init => batchSize = Require.AtLeast(1, value); }

    /// <summary>The memory in bytes for results in addition to the network's own passes, at least 1. Default 1 GiB. A Jacobian that does
    /// not fit is computed in several parts, each of which repeats all backward passes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long MemoryBudget { get => memoryBudget; init => memoryBudget = Require.AtLeast(1, value); }

    /// <summary>The seed of random vectors. Default 0. The same seed gives the same numbers; global generators keep their state.</summary>
    public long Seed { get; init; }

    /// <summary>Receives warnings about the data. Default <see langword="null"/>: silent.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>Receives a report after each backward pass. Default <see langword="null"/>.</summary>
    public IProgress<NtkProgress>? Progress { get; init; }
}

/// <summary>How <see cref="NtkAnalysis.Trace"/> and <see cref="NtkAnalysis.Bound"/> compute the trace: exactly or by an estimate.</summary>
public sealed record NtkTraceOptions
{
    private readonly int? probes;

    /// <summary>The kernel. Default: the defaults of <see cref="NtkOptions"/>.</summary>
    public NtkOptions Kernel { get; init; } = new();

    /// <summary>The number of random probe vectors a sample from which the trace is estimated, at least 2. Default <see langword="null"/>:
    /// the trace is exact.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? Probes { get => probes; init => probes = value is { } given ? Require.AtLeast(2, given) : null; }
}

/// <summary>How many eigenvalues <see cref="NtkAnalysis.TopEigenvalues"/> computes, and how precisely.</summary>
public sealed record NtkEigenvalueOptions
{
    private readonly int count = 10;
    private readonly double tolerance = 1e-4;
    private readonly int maxSteps = 20;
    private readonly int microBatch = 16;

    /// <summary>The kernel. Default: the defaults of <see cref="NtkOptions"/>.</summary>
    public NtkOptions Kernel { get; init; } = new();

    /// <summary>The number of eigenvalues, at least 1. Default 10.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Count { get => count; init => count = Require.AtLeast(1, value); }

    /// <summary>The largest residual at which the iteration stops, as a fraction of the largest eigenvalue: above 0 and below 1. Default
    /// 1e-4. Single precision reaches about 1e-6.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not inside (0, 1).</exception>
    public double Tolerance
    {
        get => tolerance;
        init => tolerance = value > 0 && value < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "The tolerance is a fraction above 0 and below 1.");
    }

    /// <summary>The number of steps after which the iteration stops even without convergence, at least 1. Default 20.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxSteps { get => maxSteps; init => maxSteps = Require.AtLeast(1, value); }

    // Samples in one differentiated pass. It changes speed and memory, not the numbers.
    internal int MicroBatch { get => microBatch; init => microBatch = Require.AtLeast(1, value); }
}

/// <summary>How far a running call of <see cref="NtkAnalysis"/> is.</summary>
/// <param name="Done">Backward passes done.</param>
/// <param name="Total">Backward passes in all; an upper bound where the call ends once its numbers are precise enough.</param>
/// <param name="Elapsed">Time since the call began.</param>
public sealed record NtkProgress(long Done, long Total, TimeSpan Elapsed);
