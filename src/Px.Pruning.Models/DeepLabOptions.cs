namespace Px.Pruning.Models;

/// <summary>The options of a <see cref="DeepLab"/>. The defaults are the PX paper's: DeepLabV3+ on a ResNet-50, output stride 8, 21
/// classes.</summary>
public sealed record DeepLabOptions
{
    /// <summary>The head. <see cref="DeepLabVersion.V3Plus"/> by default.</summary>
    public DeepLabVersion Version { get; init; } = DeepLabVersion.V3Plus;

    /// <summary>The kind of backbone. <see cref="DeepLabBackbone.ResNet"/> by default.</summary>
    public DeepLabBackbone Backbone { get; init; } = DeepLabBackbone.ResNet;

    /// <summary>The backbone's depth: 18, 34, 50, 101 or 152; 50 with <see cref="DeepLabBackbone.ClipResNet"/>. 50 by default.</summary>
    public int Depth { get; init; } = 50;

    /// <summary>The number of classes with the background, at least 1. 21 by default, Pascal VOC's.</summary>
    public int Classes { get; init; } = 21;

    /// <summary>The channels of the images, at least 1. 3 by default.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>
    /// How many times smaller than the image the pyramid's feature map is: 8, with rates 12, 24 and 36, or 16, with rates 6, 12 and 18, in
    /// a quarter of the memory. 8 by default, as in torchvision's networks and the PX paper's.
    /// </summary>
    public int OutputStride { get; init; } = 8;

    /// <summary>Whether the head's 3×3 convolutions are each a depthwise 3×3 and a pointwise 1×1 convolution, named <c>body.0</c> and
    /// <c>body.1</c>. False by default.</summary>
    public bool SeparableConvolutions { get; init; }

    /// <summary>
    /// The 3×3 convolutions of DeepLabV3+'s decoder, at least 1; V3 ignores it. 2 by default, the best in table 2 of the paper.
    /// The implementation that the PX paper follows has 1: set that to load its weights or to repeat its parameter counts.
    /// </summary>
    public int DecoderConvolutions { get; init; } = 2;

    /// <summary>The fraction of the pyramid's output that is dropped in training, in [0, 1). Null, the default, for the usual one: 0.5 in
    /// V3 (torchvision), 0.1 in V3+.</summary>
    public double? Dropout { get; init; }

    /// <summary>The channels of the stem, at least 1, and even for CLIP's; all of the backbone follows. 64 by default, the published width;
    /// less for small machines.</summary>
    public int Width { get; init; } = 64;

    /// <summary>The first layers of a ResNet; ignored for CLIP's. With <see cref="ResNetStem.ThreeByThree"/> all feature maps are four
    /// times as large. <see cref="ResNetStem.SevenBySeven"/> by default.</summary>
    public ResNetStem Stem { get; init; } = ResNetStem.SevenBySeven;

    /// <summary>The channels of the pyramid's branches and of the decoder, at least 1. 256 by default.</summary>
    public int HeadChannels { get; init; } = 256;

    /// <summary>The channels that V3+'s decoder takes from the backbone's first stage, at least 1; V3 ignores it. 48 by default.</summary>
    public int LowLevelChannels { get; init; } = 48;

    /// <summary>
    /// The seed of the initial weights; torch's global random state stays as it was.
    /// Null, the default, draws from the global state, which <c>torch.manual_seed</c> sets.
    /// </summary>
    public long? Seed { get; init; }

    // The dilations of the pyramid's three 3×3 convolutions.
    internal int[] Rates => OutputStride == 8 ? [12, 24, 36] : [6, 12, 18];

    internal double DropoutOrUsual => Dropout ?? (Version == DeepLabVersion.V3 ? 0.5 : 0.1);

    // The backbone, if it is a ResNet.
    internal ResNetOptions ResNet =>
        new() { Depth = Depth, InputChannels = InputChannels, Width = Width, Stem = Stem, OutputStride = OutputStride };

    internal void Validate()
    {
        if (!Enum.IsDefined(Version))
            throw new ArgumentOutOfRangeException(nameof(Version), Version, "There is no such version.");
        if (!Enum.IsDefined(Backbone))
            throw new ArgumentOutOfRangeException(nameof(Backbone), Backbone, "There is no such backbone.");
        if (OutputStride is not (8 or 16))
            throw new ArgumentOutOfRangeException(nameof(OutputStride), OutputStride, "The output stride is 8 or 16.");
        if (Backbone == DeepLabBackbone.ResNet)
            ResNet.Validate();
        else
            ValidateClip();
        ArgumentOutOfRangeException.ThrowIfLessThan(Classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DecoderConvolutions, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HeadChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(LowLevelChannels, 1);
        if (!(DropoutOrUsual >= 0 && DropoutOrUsual < 1))
            throw new ArgumentOutOfRangeException(nameof(Dropout), Dropout, "The fraction dropped lies in [0, 1).");
    }

    private void ValidateClip()
    {
        if (Depth != 50)
            throw new ArgumentOutOfRangeException(nameof(Depth), Depth, "CLIP's backbone has a depth of 50.");
        new ClipResNetOptions { InputChannels = InputChannels, Width = Width }.Validate();
    }
}
