namespace Px.Pruning.Models.Data;

/// <summary>How image files become the items of a data set. Grey images count as colour ones whose channels are equal.</summary>
public sealed record ImageFileOptions
{
    /// <summary>The function that decodes a file.</summary>
    public required ImageDecoder Decoder { get; init; }

    /// <summary>
    /// What the shorter side of every image is resized to, bilinearly, before the middle is cut out: 1 to 16,384; 256 is usual for
    /// ImageNet's test images. Null, the default, resizes nothing. <see cref="ResizedCrop"/> and <see cref="ScaledCrop"/> start from the
    /// file's image instead.
    /// </summary>
    public int? Resize { get; init; }

    /// <summary>
    /// Rows of each item, 1 to 16,384: the middle is cut out, and what is smaller is padded. Null, the default, for the first file's, which
    /// all others must have then.
    /// </summary>
    public int? Height { get; init; }

    /// <summary>Columns of each item, likewise. Null, the default; given exactly where <see cref="Height"/> is.</summary>
    public int? Width { get; init; }

    /// <summary>What pixels become; null, the default, for the data set's own statistics: each loader names them.</summary>
    public ImageNormalization? Normalization { get; init; }

    /// <summary>Whether files' bytes, not the decoded images, stay in memory once they were read. False by default.</summary>
    public bool KeepFiles { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Decoder);
        foreach (var side in (int?[])[Resize, Height, Width])
        {
            if (side is < 1 or > 16_384)
                throw new ArgumentOutOfRangeException(nameof(Resize), side, "Resize, Height and Width must be 1 to 16,384.");
        }

        if (Height is null != Width is null)
            throw new ArgumentException("Height and Width must be given together.");
        if (Resize is not null && Height is null)
            throw new ArgumentException("With Resize, Height and Width must be given: images of different shapes would not make a batch.");
    }
}
