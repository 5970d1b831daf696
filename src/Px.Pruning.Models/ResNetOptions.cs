namespace Px.Pruning.Models;

/// <summary>The options of a <see cref="ResNet"/>. The defaults are torchvision's <c>resnet50</c>.</summary>
/// <remarks>
/// <c>wide_resnet50_2</c> and <c>wide_resnet101_2</c> have <see cref="WidthPerGroup"/> 128; <c>resnext50_32x4d</c> has
/// <see cref="Groups"/> 32 and <see cref="WidthPerGroup"/> 4.
/// </remarks>
public sealed record ResNetOptions
{
    /// <summary>18 or 34 with basic blocks; 50, 101 or 152 with bottlenecks. 50 by default.</summary>
    public int Depth { get; init; } = 50;

    /// <summary>The number of outputs, at least 1. 1000 by default.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>The channels of the images, at least 1. 3 by default.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>The channels of the stem, at least 1; stages have 1, 2, 4 and 8 times as many, behind bottlenecks four times that. 64, the
    /// published width, by default.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Groups of the 3×3 convolutions of bottlenecks, at least 1; basic blocks have 1. 1 by default.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>
    /// The channels of one group of a bottleneck's 3×3 convolution in the first stage, at a <see cref="Width"/> of 64; in proportion at
    /// others. At least 1, and enough for one channel; 64 in basic blocks. 64 by default, 128 in the wide variants.
    /// </summary>
    public int WidthPerGroup { get; init; } = 64;

    /// <summary>The first layers. <see cref="ResNetStem.SevenBySeven"/> by default.</summary>
    public ResNetStem Stem { get; init; } = ResNetStem.SevenBySeven;

    /// <summary>
    /// How many times smaller than the image the last feature maps are: 32, or 16 or 8 for segmentation, where the strides of the last
    /// stage, or of the last two, become dilation of the convolutions behind them. Counted with the 7×7 stem; the 3×3 stem makes all
    /// feature maps four times as large. 32 by default.
    /// </summary>
    public int OutputStride { get; init; } = 32;

    /// <summary>Whether the scale of every block's last norm begins at 0, so that each block begins as its shortcut. False by
    /// default.</summary>
    public bool ZeroInitResidual { get; init; }

    /// <summary>How the first weights are drawn. <see cref="WeightInitialization.FanOut"/> by default.</summary>
    public WeightInitialization Initialization { get; init; } = WeightInitialization.FanOut;

    /// <summary>
    /// The seed of the initial weights; torch's global random state stays as it was.
    /// Null, the default, draws from the global state, which <c>torch.manual_seed</c> sets.
    /// </summary>
    public long? Seed { get; init; }

    // The blocks of each stage.
    internal int[] Blocks => Depth switch
    {
        18 => [2, 2, 2, 2],
        34 or 50 => [3, 4, 6, 3],
        101 => [3, 4, 23, 3],
        _ => [3, 8, 36, 3],
    };

    internal bool HasBottlenecks => Depth >= 50;

    internal void Validate()
    {
        if (Depth is not (18 or 34 or 50 or 101 or 152))
            throw new ArgumentOutOfRangeException(nameof(Depth), Depth, "The depth is 18, 34, 50, 101 or 152. CifarResNet has others.");
        ArgumentOutOfRangeException.ThrowIfLessThan(Classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(InputChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Groups, 1);
        if (!(WidthPerGroup >= 1 && (long)Width * WidthPerGroup >= 64))
        {
            throw new ArgumentOutOfRangeException(nameof(WidthPerGroup),
                WidthPerGroup, $"At a width of {Width} this leaves a group no channel: it is at least {Math.Ceiling(64.0 / Width)}.");
        }

        if (!HasBottlenecks && (Groups != 1 || WidthPerGroup != 64))
        {
            throw new ArgumentException($"ResNet-{Depth} has basic blocks: Groups is 1 and WidthPerGroup 64. Width makes it wider.",
                nameof(WidthPerGroup));
        }

        if (OutputStride is not (8 or 16 or 32))
            throw new ArgumentOutOfRangeException(nameof(OutputStride), OutputStride, "The output stride is 8, 16 or 32.");
        if (!Enum.IsDefined(Stem))
            throw new ArgumentOutOfRangeException(nameof(Stem), Stem, "There is no such stem.");
        if (!Enum.IsDefined(Initialization))
            throw new ArgumentOutOfRangeException(nameof(Initialization), Initialization, "There is no such initialisation.");
    }
}
