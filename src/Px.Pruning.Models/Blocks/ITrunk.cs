using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

/// <summary>The convolutional part of a classifier, registered with the module that owns it, and what a segmentation network takes from it.</summary>
internal interface ITrunk
{
    /// <summary>Stem and first stage, whose output is a quarter of the image.</summary>
    nn.Module<Tensor, Tensor>[] UpToLowLevel { get; }

    /// <summary>The other three stages.</summary>
    nn.Module<Tensor, Tensor>[] FromLowLevel { get; }

    /// <summary>The channels that the first stage yields.</summary>
    long LowLevelChannels { get; }

    /// <summary>The channels that the last stage yields.</summary>
    long Channels { get; }
}
