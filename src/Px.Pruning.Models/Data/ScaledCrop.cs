using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Resizes the image by a random factor, and cuts out a piece of the item's size at a random place. The defaults are the usual
/// ones for segmentation.</summary>
/// <remarks>
/// <para>A side that became smaller than the item lies at a random place inside it, as with torchvision's <c>RandomCrop(pad_if_needed)</c>.
/// Padding is the normalisation's mean, 0, and the label to ignore.</para>
/// <para>It starts from the image as read, whatever the data set resizes images to.</para>
/// <para><b>Deviation:</b> code that pads before it normalises pads with black, and labels with class 0; that teaches the network that
/// black bars are background.</para>
/// <para><b>Source:</b> Chen et al., Rethinking atrous convolution for semantic image segmentation, 2017, section 4.1,
/// <see href="https://arxiv.org/abs/1706.05587"/>.</para>
/// </remarks>
public sealed record ScaledCrop : Augmentation
{
    /// <summary>The smallest factor, above 0 and not above <see cref="MaximumScale"/>. 0.5 by default.</summary>
    public double MinimumScale { get; init; } = 0.5;

    /// <summary>The largest factor, at most 16. 2 by default.</summary>
    public double MaximumScale { get; init; } = 2;

    internal override int Draws => 4;

    internal override void Validate()
    {
        if (!(MinimumScale > 0 && MinimumScale <= MaximumScale && MaximumScale <= 16))
        {
            throw new ArgumentOutOfRangeException(nameof(MinimumScale), $"The scales must be 0 < minimum ≤ maximum ≤ 16; they are "
                + $"{MinimumScale} and {MaximumScale}.");
        }
    }

    internal override Geometry Draw(Geometry plain, Extent rows, Extent columns, ref RandomSequence random)
    {
        var scale = random.Between(MinimumScale, MaximumScale);
        return new Geometry(Cut(rows, scale, ref random), Cut(columns, scale, ref random), DrawFlip(ref random), Padding.Mean);
    }

    private static Axis Cut(Extent extent, double scale, ref RandomSequence random)
    {
        var scaled = Math.Max(1, (int)(extent.Source * scale));
        var place = random.Below(Math.Abs(scaled - extent.Output) + 1);
        return new Axis(0, extent.Source, scaled, scaled >= extent.Output ? place : -place);
    }
}
