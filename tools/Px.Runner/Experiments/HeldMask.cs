using Px.Pruning;
using static TorchSharp.torch.nn;

namespace Px.Runner.Experiments;

/// <summary>A mask and what holds it on a network: fresh from a pruner, or out of a checkpoint. Owns both.</summary>
internal sealed class HeldMask : IDisposable
{
    private readonly IDisposable[] owned;

    /// <param name="result">What a pruner gave; taken over.</param>
    public HeldMask(PruningResult result) => (Mask, Binding, PruneTime, owned) = (result.Mask, result.Binding, result.Elapsed, [result]);

    /// <param name="mask">A checkpoint's mask; taken over.</param>
    /// <param name="network">What it is put on.</param>
    public HeldMask(PruningMask mask, Module network) => (Mask, Binding, owned) = (mask, mask.Bind(network), [mask]);

    public PruningMask Mask { get; }

    public MaskBinding Binding { get; }

    /// <summary>How long pruning took; null where another process did it.</summary>
    public TimeSpan? PruneTime { get; }

    public void Dispose()
    {
        Binding.Dispose();
        foreach (var item in owned)
            item.Dispose();
    }
}
