using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Cuts out a piece of random area, shape and place, and resizes it to the item's size, as torchvision's
/// <c>RandomResizedCrop</c> does. The defaults are the usual ones for ImageNet.</summary>
/// <remarks>
/// <para>Ten times a share of the area is drawn evenly, and a ratio of width to height evenly in its logarithm; the first piece that fits
/// is cut out at an even place. Where none fits, it is the largest middle piece within the ratios.</para>
/// <para>The paper's setting for Tiny-ImageNet:
/// <c>new ResizedCrop { MinimumScale = 0.1, MinimumRatio = 0.8, MaximumRatio = 1.25 }</c>.</para>
/// <para><b>Deviation:</b> interpolation is in float32, where Pillow's rounds to bytes.</para>
/// <para><b>Source:</b> Szegedy et al., Going deeper with convolutions, CVPR 2015, section 6,
/// <see href="https://arxiv.org/abs/1409.4842"/>.</para>
/// </remarks>
public sealed record ResizedCrop : Augmentation
{
    private const int Attempts = 10;

    /// <summary>The smallest share of the image's area, in (0, 1] and not above <see cref="MaximumScale"/>. 0.08 by default.</summary>
    public double MinimumScale { get; init; } = 0.08;

    /// <summary>The largest share of the image's area, in (0, 1]. 1 by default.</summary>
    public double MaximumScale { get; init; } = 1;

    /// <summary>The least width for a height of 1, above 0 and not above <see cref="MaximumRatio"/>. 3/4 by default.</summary>
    public double MinimumRatio { get; init; } = 3.0 / 4;

    /// <summary>The greatest width for a height of 1. 4/3 by default.</summary>
    public double MaximumRatio { get; init; } = 4.0 / 3;

    internal override int Draws => 1 + (2 * Attempts) + 2;

    internal override void Validate()
    {
        if (!(MinimumScale > 0 && MinimumScale <= MaximumScale && MaximumScale <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(MinimumScale), $"The scales must be 0 < minimum ≤ maximum ≤ 1; they are "
                + $"{MinimumScale} and {MaximumScale}.");
        }

        if (!(MinimumRatio > 0 && MinimumRatio <= MaximumRatio && double.IsFinite(MaximumRatio)))
        {
            throw new ArgumentOutOfRangeException(nameof(MinimumRatio), $"The ratios must be 0 < minimum ≤ maximum; they are "
                + $"{MinimumRatio} and {MaximumRatio}.");
        }
    }

    internal override Geometry Draw(Geometry plain, Extent rows, Extent columns, ref RandomSequence random)
    {
        var flip = DrawFlip(ref random);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var area = random.Between(MinimumScale, MaximumScale) * rows.Source * columns.Source;
            var ratio = Math.Exp(random.Between(Math.Log(MinimumRatio), Math.Log(MaximumRatio)));
            var (height, width) = (Math.Round(Math.Sqrt(area / ratio)), Math.Round(Math.Sqrt(area * ratio)));
            if (height < 1 || height > rows.Source || width < 1 || width > columns.Source)
                continue;
            var (top, left) = (random.Below(rows.Source - (int)height + 1), random.Below(columns.Source - (int)width + 1));
            return plain with { Rows = Cut(rows, top, (int)height), Columns = Cut(columns, left, (int)width), Flip = flip };
        }

        var (largestHeight, largestWidth) = Largest(rows.Source, columns.Source);
        return plain with
        {
            Rows = Cut(rows, (rows.Source - largestHeight) / 2, largestHeight),
            Columns = Cut(columns, (columns.Source - largestWidth) / 2, largestWidth),
            Flip = flip,
        };
    }

    private (int Height, int Width) Largest(int height, int width) => ((double)width / height) switch
    {
        var ratio when ratio < MinimumRatio => (Math.Clamp((int)Math.Round(width / MinimumRatio), 1, height), width),
        var ratio when ratio > MaximumRatio => (height, Math.Clamp((int)Math.Round(height * MaximumRatio), 1, width)),
        _ => (height, width),
    };

    private static Axis Cut(Extent extent, int start, int length) => new(start, length, extent.Output, 0);
}
