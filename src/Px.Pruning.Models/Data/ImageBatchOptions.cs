using static TorchSharp.torch;

namespace Px.Pruning.Models.Data;

/// <summary>How <see cref="ImageDataset.Batches"/> and <see cref="SegmentationDataset.Batches"/> walk through the images.</summary>
public sealed record ImageBatchOptions
{
    /// <summary>The number of images in a batch, at least 1; the last one may be smaller. 128 by default.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// Shuffles the images: the order is a function of this number and <see cref="Epoch"/>, the same on every machine and version.
    /// Null, the default, keeps the order of the data set.
    /// </summary>
    public long? ShuffleSeed { get; init; }

    /// <summary>The number of the pass over the data, which changes order and augmentation. 0 by default.</summary>
    public int Epoch { get; init; }

    /// <summary>
    /// Whether every class comes equally often: in turns, each class that has images once a turn. An epoch is as many turns as make at
    /// least as many images as there are; a class with fewer images than turns begins again, one with more shows others next epoch (where
    /// <see cref="ShuffleSeed"/> is set). False by default.
    /// </summary>
    public bool Balanced { get; init; }

    /// <summary>Random crops and flips, drawn from <see cref="ShuffleSeed"/> (0 where that is null) and <see cref="Epoch"/>; null, the
    /// default, for none.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>
    /// How many threads prepare the coming batches, up to two each: 0 to 256. They pay where images are decoded or resized. The batches are
    /// the same whatever the number. 0, the default, prepares each batch when it is asked for.
    /// </summary>
    public int Workers { get; init; }

    /// <summary>Whether to leave out a last batch that would be smaller than the others. False by default.</summary>
    public bool DropLast { get; init; }

    /// <summary>Where the batches go; null, the default, for the CPU.</summary>
    public Device? Device { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Workers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Workers, 256);
        Augmentation?.Validate();
    }
}
