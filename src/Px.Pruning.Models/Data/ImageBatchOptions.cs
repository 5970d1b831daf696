using static TorchSharp.torch;

namespace Px.Pruning.Models.Data;

/// <summary>How <see cref="ImageDataset.Batches"/> walks through the images.</summary>
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

    /// <summary>Random crops and flips, drawn from <see cref="ShuffleSeed"/> (0 where that is null) and <see cref="Epoch"/>; null, the default, for none.</summary>
    public ImageAugmentation? Augmentation { get; init; }

    /// <summary>Whether to leave out a last batch that would be smaller than the others. False by default.</summary>
    public bool DropLast { get; init; }

    /// <summary>Where the batches go; null, the default, for the CPU.</summary>
    public Device? Device { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        Augmentation?.Validate();
    }
}
