namespace Px.Pruning.Models;

/// <summary>The options of a <see cref="ClipResNet"/>. The defaults are CLIP's RN50, which yields embeddings.</summary>
public sealed record ClipResNetOptions
{
    /// <summary>How the last feature map becomes a vector. <see cref="ClipPooling.Attention"/> by default.</summary>
    public ClipPooling Pooling { get; init; } = ClipPooling.Attention;

    /// <summary>The number of outputs of a new linear classifier <c>fc</c> behind the pooling, at least 1. Null, the default, for none: the
    /// network yields the pooled vector.</summary>
    public int? Classes { get; init; }

    /// <summary>The size of the embedding that attention yields, at least 1; average pooling ignores it. 1024 by default.</summary>
    public int EmbeddingSize { get; init; } = 1024;

    /// <summary>
    /// The height and width of images in pixels, a multiple of 32 from 32 up: attention has one position embedding for each 32×32 patch and
    /// one for their mean. Average pooling ignores it and takes images of any size from 32×32 up. 224 by default.
    /// </summary>
    public int InputResolution { get; init; } = 224;

    /// <summary>The channels of the images, at least 1. 3 by default.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>The channels behind the stem, an even number from 2 up; the last feature map has 32 times as many. 64 by default, CLIP's;
    /// less for quick trials.</summary>
    public int Width { get; init; } = 64;

    /// <summary>
    /// The seed of the initial weights; torch's global random state stays as it was.
    /// Null, the default, draws from the global state, which <c>torch.manual_seed</c> sets.
    /// </summary>
    public long? Seed { get; init; }

    internal void Validate()
    {
        if (!Enum.IsDefined(Pooling))
            throw new ArgumentOutOfRangeException(nameof(Pooling), Pooling, "There is no such pooling.");
        if (Classes is { } classes)
            ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1, nameof(Classes));
        ArgumentOutOfRangeException.ThrowIfLessThan(EmbeddingSize, 1);
        if (!(InputResolution >= 32 && InputResolution % 32 == 0))
        {
            throw new ArgumentOutOfRangeException(nameof(InputResolution),
                InputResolution, "The resolution is a multiple of 32, at least 32.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(InputChannels, 1);
        if (!(Width >= 2 && Width % 2 == 0))
            throw new ArgumentOutOfRangeException(nameof(Width), Width, "The width is even, at least 2: the stem begins with half of it.");
    }
}
