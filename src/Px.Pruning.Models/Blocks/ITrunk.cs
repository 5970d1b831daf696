using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// The convolutional part of a classifier, registered with the module that owns it, and what a segmentation network takes from it.
internal interface ITrunk
{
    // Stem and first stage, whose output is a quarter of the image.
    nn.Module<Tensor, Tensor>[] UpToLowLevel { get; }

    // The other three stages.
    nn.Module<Tensor, Tensor>[] FromLowLevel { get; }

    // The channels that the first stage yields.
    long LowLevelChannels { get; }

    // The channels that the last stage yields.
    long Channels { get; }
}
