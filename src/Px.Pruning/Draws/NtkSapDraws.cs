using static TorchSharp.torch;

namespace Px.Pruning.Draws;

/// <summary>The random numbers of <see cref="NtkSapPruner"/>: float64 CPU tensors, fresh, the same for the same arguments.</summary>
internal abstract class NtkSapDraws
{
    /// <summary>Weights as Kaiming's normal initialisation draws them: mean 0, variance 2 / fan-in.</summary>
    public abstract Tensor Weights(DrawIndex index, string parameter, long[] shape);

    /// <summary>A direction to perturb weights in: mean 0, variance 1.</summary>
    public abstract Tensor Perturbation(DrawIndex index, string parameter, long[] shape);

    /// <summary>A batch of inputs: mean 0, variance 1.</summary>
    public abstract Tensor Input(DrawIndex index, long[] shape);
}
