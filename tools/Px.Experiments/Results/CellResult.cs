using Px.Experiments.Grids;

namespace Px.Experiments.Results;

/// <summary>What became of a cell: a file that explains itself. Plain numbers; the mask lies beside it.</summary>
public sealed record CellResult
{
    /// <summary>The format of the file. Readers refuse others.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    /// <summary>The cell's name, which its files begin with.</summary>
    public required string Name { get; init; }

    /// <summary>The protocol whose grid the cell was run for; null for a grid of the user's own. Not part of the cell: two protocols may share one.</summary>
    public string? Protocol { get; init; }

    public required Cell Cell { get; init; }

    /// <summary>The method as the literature writes it: <c>PX</c>, <c>SynFlow</c>, or <c>dense</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The settings that the cell leaves to recipes and methods, as they were: <c>learning rate</c>, <c>rounds</c>, <c>schedule</c>, ….</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>What computed it: versions of Px.Pruning, TorchSharp, .NET, the system, threads, device.</summary>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    /// <summary>SHA-256, in hexadecimal, of the training and test samples as the network saw them before augmentation; of large sets, of some thousands of samples.</summary>
    public required string DataHash { get; init; }

    public required TrainingResult Training { get; init; }

    /// <summary>Null for the dense network.</summary>
    public PruningOutcome? Pruning { get; init; }

    /// <summary>Null where none was asked for.</summary>
    public SpectrumResult? Spectrum { get; init; }

    /// <summary>When the cell was finished, in UTC.</summary>
    public required DateTime Finished { get; init; }
}
