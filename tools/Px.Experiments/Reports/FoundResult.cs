using Px.Experiments.Results;

namespace Px.Experiments.Reports;

/// <summary>A result and the folder that its mask lies in.</summary>
public sealed record FoundResult(CellResult Result, string Folder)
{
    /// <summary>Whether the mask's file, where there is one, is that of the result. True by default.</summary>
    public bool IsMaskSound { get; init; } = true;

    /// <summary>Where its mask lies, if it was kept; null for the dense network.</summary>
    public string? MaskPath => Result.Pruning is { MaskFile: { Length: > 0 } name } ? Path.Combine(Folder, Path.GetFileName(name)) : null;

    /// <summary>The file of its mask, where there is a sound one.</summary>
    public string? MaskFile => IsMaskSound && MaskPath is { } path && File.Exists(path) ? path : null;
}
