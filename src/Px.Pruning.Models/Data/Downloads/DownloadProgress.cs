namespace Px.Pruning.Models.Data.Downloads;

/// <summary>The progress of a download.</summary>
/// <param name="File">The name of the file.</param>
/// <param name="Received">Bytes that are there, those of earlier attempts included.</param>
/// <param name="Total">Bytes of the whole file; null where neither the server nor <see cref="DatasetFile.Length"/>
/// says.</param>
public readonly record struct DownloadProgress(string File, long Received, long? Total);
