using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>Norm layers on running statistics, or on those of their input as in training mode.</summary>
internal sealed class DataNorms(NormStatistics statistics) : IGradientNorms
{
    public Tensor Normalize(NormLayer layer, Tensor input) =>
        layer.UsesBatch(statistics) ? layer.NormalizeBatch(input) : layer.NormalizeRunning(input);

    public void Watch(Action pass) { }

    public void Dispose() { }
}
