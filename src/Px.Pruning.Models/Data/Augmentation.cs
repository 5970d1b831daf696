using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Random changes to training images, drawn anew for every image and epoch: <see cref="PaddedCrop"/>,
/// <see cref="ResizedCrop"/> or <see cref="ScaledCrop"/>.</summary>
/// <remarks>
/// What is drawn is a function of seed, epoch and the image's place in the order alone: neither the batch size nor the number of workers
/// changes it. Where every pixel has a label, labels are cut as the image is, without interpolation, and padding has the label to ignore.
/// </remarks>
public abstract record Augmentation
{
    private protected Augmentation()
    {
    }

    /// <summary>Whether half of the images, at random, are mirrored left to right. True by default.</summary>
    public bool HorizontalFlip { get; init; } = true;

    // How many random numbers are set aside for each image; never fewer than Draw takes.
    internal abstract int Draws { get; }

    // Throws ArgumentOutOfRangeException if a property lies outside its range.
    internal abstract void Validate();

    // random: the image's own numbers.
    internal abstract Geometry Draw(Geometry plain, Extent rows, Extent columns, ref RandomSequence random);

    // Always a draw, so that one option does not change what another one sees.
    private protected bool DrawFlip(ref RandomSequence random) => random.Below(2) == 1 & HorizontalFlip;
}
