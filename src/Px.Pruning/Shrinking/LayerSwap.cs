using Px.Pruning.Engine;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// Puts the small layers into the model and back. Disposed without Keep, it leaves the model's own parameter and buffer objects in it, so
// that the caller's optimizer still works.
internal sealed class LayerSwap : IDisposable
{
    private readonly List<(HookedModule Layer, LayerState Found, LayerState Small)> layers = [];
    private readonly HashSet<Tensor> originals = new(ReferenceEqualityComparer.Instance);
    private bool isSmall, isKept;

    internal LayerSwap(SmallLayers small)
    {
        foreach (var (layer, state) in small.States)
        {
            var found = LayerState.Original(layer.Module);
            originals.UnionWith(found.Tensors);
            layers.Add((layer, found, state));
        }
    }

    internal void Use(bool small)
    {
        if (small == isSmall) return;
        isSmall = true; // before, so that a failure half-way is undone as a whole
        foreach (var (layer, found, state) in layers)
        {
            var replaced = LayerState.Take(layer.Module);
            (small ? state : found).Install(layer.Module);
            foreach (var tensor in replaced.Where(tensor => !originals.Contains(tensor))) tensor.Dispose();
        }

        isSmall = small;
    }

    internal void Keep() => isKept = true;

    public void Dispose()
    {
        if (!isKept) Use(small: false);
        else foreach (var tensor in originals) tensor.Dispose();
    }
}
