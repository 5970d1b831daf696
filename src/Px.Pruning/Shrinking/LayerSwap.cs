using Px.Pruning.Probing;

namespace Px.Pruning.Shrinking;

/// <summary>
/// Puts the small layers into the model and, as often as wanted, those that were found. Disposed without <see cref="Keep"/> it leaves those
/// that were found: their values, gradients and flags to the bit, in new <c>Parameter</c> objects.
/// </summary>
internal sealed class LayerSwap : IDisposable
{
    private readonly List<(Site Site, LayerState Found, LayerState Small)> layers = [];
    private bool isSmall, isKept;

    internal LayerSwap(SmallLayers small)
    {
        foreach (var (site, state) in small.States) layers.Add((site, LayerState.Of(site.Module), state));
    }

    internal void Use(bool small)
    {
        if (small == isSmall) return;
        // Before, so that a failure half-way is undone as a whole.
        isSmall = true;
        foreach (var (site, found, state) in layers) (small ? state : found).Install(site.Module);
        isSmall = small;
    }

    internal void Keep() => isKept = true;

    public void Dispose()
    {
        if (!isKept) Use(small: false);
        foreach (var (_, found, _) in layers) found.Dispose();
    }
}
