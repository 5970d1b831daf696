namespace Px.Benchmarks.Authors;

/// <summary>While open, masks collect gradients.</summary>
internal sealed class TrackedMasks : IDisposable
{
    private readonly MaskedNetwork model;

    internal TrackedMasks(MaskedNetwork model)
    {
        this.model = model;
        Set(tracked: true);
    }

    public void Dispose()
    {
        Set(tracked: false);
        model.ClearGradients();
    }

    private void Set(bool tracked)
    {
        foreach (var mask in model.Masks.Values) mask.requires_grad_(tracked);
    }
}
