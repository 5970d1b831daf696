using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>What normalisation layers do where a network is differentiated.</summary>
internal interface IGradientNorms : IDisposable
{
    /// <summary>The layer's output for its input [B, C, …]; gradients flow through. Fresh.</summary>
    Tensor Normalize(NormLayer layer, Tensor input);

    /// <summary>Runs a pass in which layers take the statistics that they keep as constants from then on.</summary>
    void Watch(Action pass);
}
