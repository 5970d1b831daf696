namespace Px.Pruning.Models.Data.Downloads;

/// <summary>A published file: its address and its checksum.</summary>
public sealed record DatasetFile
{
    /// <summary>Where it is published.</summary>
    public required Uri Address { get; init; }

    /// <summary>Its MD5 sum (32 hexadecimal digits) or SHA-256 sum (64).</summary>
    public required string Checksum { get; init; }

    /// <summary>Its name: the last part of <see cref="Address"/>.</summary>
    public string Name => Uri.UnescapeDataString(Address.Segments[^1]);
}
