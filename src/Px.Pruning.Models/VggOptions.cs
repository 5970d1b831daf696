namespace Px.Pruning.Models;

/// <summary>The options of a <see cref="Vgg"/>. The defaults are torchvision's <c>vgg16_bn</c>.</summary>
public sealed record VggOptions
{
    /// <summary>The number of layers with weights in the <see cref="VggLayout.ImageNet"/> layout: 11, 13, 16 or 19. 16 by
    /// default.</summary>
    public int Depth { get; init; } = 16;

    /// <summary>Whether batch norm follows every convolution. True by default.</summary>
    public bool BatchNorm { get; init; } = true;

    /// <summary>The layers after the convolutions. <see cref="VggLayout.ImageNet"/> by default.</summary>
    public VggLayout Layout { get; init; } = VggLayout.ImageNet;

    /// <summary>The number of outputs, at least 1. 1000 by default.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>The channels of the images, at least 1. 3 by default.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>The channels of the first stage, at least 1; the others have 2, 4, 8 and 8 times as many, hidden linear layers 64 times.
    /// 64, the published width, by default.</summary>
    public int Width { get; init; } = 64;

    /// <summary>The probability of dropout before the second and third linear layer of the <see cref="VggLayout.ImageNet"/> layout, in [0,
    /// 1). 0.5 by default.</summary>
    public double Dropout { get; init; } = 0.5;

    /// <summary>How the first weights are drawn. <see cref="WeightInitialization.FanOut"/> by default.</summary>
    public WeightInitialization Initialization { get; init; } = WeightInitialization.FanOut;

    /// <summary>
    /// The seed of the initial weights; torch's global random state stays as it was.
    /// Null, the default, draws from the global state, which <c>torch.manual_seed</c> sets.
    /// </summary>
    public long? Seed { get; init; }

    // The convolutions of each stage.
    internal int[] Stages => Depth switch
    {
        11 => [1, 1, 2, 2, 2],
        13 => [2, 2, 2, 2, 2],
        16 => [2, 2, 3, 3, 3],
        _ => [2, 2, 4, 4, 4],
    };

    internal void Validate()
    {
        if (Depth is not (11 or 13 or 16 or 19))
            throw new ArgumentOutOfRangeException(nameof(Depth), Depth, "The depth is 11, 13, 16 or 19.");
        if (!Enum.IsDefined(Layout))
            throw new ArgumentOutOfRangeException(nameof(Layout), Layout, "There is no such layout.");
        ArgumentOutOfRangeException.ThrowIfLessThan(Classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(InputChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, 1);
        if (!(Dropout >= 0 && Dropout < 1))
            throw new ArgumentOutOfRangeException(nameof(Dropout), Dropout, "Dropout is a probability in [0, 1).");
        if (!Enum.IsDefined(Initialization))
            throw new ArgumentOutOfRangeException(nameof(Initialization), Initialization, "There is no such initialisation.");
    }
}
