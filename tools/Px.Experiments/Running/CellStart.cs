using Px.Experiments.Results;

namespace Px.Experiments.Running;

/// <summary>What is known of a cell before it is trained; a process that goes on with it begins with this and the mask.</summary>
public sealed record CellStart
{
    /// <inheritdoc cref="CellResult.Format"/>
    public int Format { get; init; } = CellResult.CurrentFormat;

    /// <inheritdoc cref="CellResult.DataHash"/>
    public required string DataHash { get; init; }

    /// <summary>Tells pretrained weights from others; null where weights are drawn.</summary>
    public string? WeightsHash { get; init; }

    /// <inheritdoc cref="TrainingResult.Before"/>
    public required double Before { get; init; }

    /// <inheritdoc cref="CellResult.Pruning"/>
    public PruningOutcome? Pruning { get; init; }

    /// <inheritdoc cref="CellResult.Spectrum"/>
    public SpectrumResult? Spectrum { get; init; }

    /// <summary>Writes a file, whole or not at all.</summary>
    public void Write(string path) => JsonFile.Write(path, this);

    /// <summary>Reads a file; null where there is none, or one of another version.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static CellStart? TryRead(string path) =>
        File.Exists(path) ? JsonFile.Read<CellStart>(path, CellResult.CurrentFormat, out _, Problem) : null;

    private static string? Problem(CellStart start) =>
        ResultCheck.IsMeasure(start.Before) ? ResultCheck.Problem(start.Pruning) ?? ResultCheck.Problem(start.Spectrum) : "its measure is not between 0 and 1.";
}
