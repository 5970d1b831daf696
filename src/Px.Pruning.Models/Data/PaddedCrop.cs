using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Pads the image, cuts a piece out at a random place, and mirrors half of the pieces. The defaults are the usual ones for
/// CIFAR.</summary>
/// <remarks>Source: He et al. 2016, section 4.2: a crop from the image padded by 4 pixels a side, or from its mirror image.</remarks>
public sealed record PaddedCrop : Augmentation
{
    /// <summary>
    /// Pixels of black that are added on each side before a piece of the item's size is cut out at random: 0 to 10,000, 4 by default.
    /// Padding comes before normalisation, as in torchvision's <c>RandomCrop(size, padding)</c> on images; where pixels have labels, it is
    /// the mean instead of black.
    /// </summary>
    public int Padding { get; init; } = 4;

    internal override int Draws => 3;

    internal override void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Padding);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Padding, 10_000);
    }

    internal override Geometry Draw(Geometry plain, Extent rows, Extent columns, ref RandomSequence random) => plain with
    {
        Rows = Cut(rows, ref random),
        Columns = Cut(columns, ref random),
        Flip = DrawFlip(ref random),
    };

    // An image that is smaller than the item even with its padding stays in the middle.
    private Axis Cut(Extent extent, ref RandomSequence random)
    {
        var places = extent.Scaled + (2 * Padding) - extent.Output + 1;
        var place = random.Below(Math.Max(places, 1));
        return places < 1 ? extent.Middle : new Axis(0, extent.Source, extent.Scaled, place - Padding);
    }
}
