using Px.Experiments.Results;

namespace Px.Experiments.Reports;

/// <summary>A result and the folder that its mask lies in.</summary>
public sealed record FoundResult(CellResult Result, string Folder)
{
    /// <summary>The file of its mask, where there is one.</summary>
    public string? MaskFile =>
        Result.Pruning is { MaskFile: { Length: > 0 } name } && Path.Combine(Folder, Path.GetFileName(name)) is var path && File.Exists(path) ? path : null;
}
