namespace Px.Pruning.Models.Data;

/// <summary>Random changes to training images, drawn anew for every image and epoch. The defaults are the usual ones for CIFAR.</summary>
/// <remarks>Source: He et al. 2016, section 4.2: a crop from the image padded by 4 pixels a side, or from its mirror image.</remarks>
public sealed record ImageAugmentation
{
    /// <summary>
    /// Pixels of black that are added on each side before a piece of the image's own size is cut out at random: 0 or more, 4 by default.
    /// Padding comes before normalisation, as in torchvision's <c>RandomCrop(size, padding)</c> on images.
    /// </summary>
    public int CropPadding { get; init; } = 4;

    /// <summary>Whether half of the images, at random, are mirrored left to right. True by default.</summary>
    public bool HorizontalFlip { get; init; } = true;

    internal void Validate() => ArgumentOutOfRangeException.ThrowIfNegative(CropPadding);
}
