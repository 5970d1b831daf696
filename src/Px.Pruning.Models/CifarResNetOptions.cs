namespace Px.Pruning.Models;

/// <summary>The options of a <see cref="CifarResNet"/>. The defaults are the ResNet-20 for CIFAR-10 with projection shortcuts.</summary>
public sealed record CifarResNetOptions
{
    /// <summary>The number of weighted layers on the main path, 6n + 2 with n ≥ 1 blocks a stage: 20, 32, 44, 56, 110 in the paper. 20 by
    /// default.</summary>
    public int Depth { get; init; } = 20;

    /// <summary>The number of outputs, at least 1. 10 by default.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>The channels of the images: 3 (the default), 1 for grey images, or any other number from 1 up.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>The channels of the first stage, at least 1; the second and third have twice and four times as many. 16 by
    /// default.</summary>
    public int Width { get; init; } = 16;

    /// <summary>How a block passes its input on between stages. <see cref="CifarShortcut.Projection"/> by default.</summary>
    public CifarShortcut Shortcut { get; init; } = CifarShortcut.Projection;

    /// <summary>
    /// The name of a block's shortcut in the state dict: <c>shortcut</c> (the default) gives <c>layer2.0.shortcut.0.weight</c>;
    /// torchvision's networks say <c>downsample</c>. One word without dots, and no name that a block has already. Zero padding has no
    /// entries there.
    /// </summary>
    public string ShortcutName { get; init; } = "shortcut";

    /// <summary>The name of the last layer in the state dict: <c>linear</c> (the default), <c>fc</c> in torchvision's networks. One word
    /// without dots, and no name the network has already.</summary>
    public string ClassifierName { get; init; } = "linear";

    /// <summary>
    /// The seed of the initial weights; torch's global random state stays as it was.
    /// Null, the default, draws from the global state, which <c>torch.manual_seed</c> sets.
    /// </summary>
    public long? Seed { get; init; }

    internal void Validate()
    {
        if (!(Depth >= 8 && Depth % 6 == 2))
            throw new ArgumentOutOfRangeException(nameof(Depth), Depth, "The depth is 6n + 2 with n of at least 1: 8, 14, 20, 26, 32, …");
        ArgumentOutOfRangeException.ThrowIfLessThan(Classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(InputChannels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, 1);
        if (!Enum.IsDefined(Shortcut))
            throw new ArgumentOutOfRangeException(nameof(Shortcut), Shortcut, "There is no such shortcut.");
        ValidateName(ShortcutName, nameof(ShortcutName), Blocks.BasicBlock.Names);
        ValidateName(ClassifierName, nameof(ClassifierName), CifarResNet.Names);
    }

    private static void ValidateName(string name, string property, IReadOnlyList<string> taken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name, property);
        if (name.Contains('.', StringComparison.Ordinal) || taken.Contains(name))
        {
            throw new ArgumentException($"'{name}' cannot name this layer: it must have no dot and be none of {string.Join(", ", taken)}.",
                property);
        }
    }
}
