using Px.Bytes;
using Px.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Masking;

// A mask's tensors: bool, contiguous, on the CPU and outside of any dispose scope.
internal static class MaskTensors
{
    // Copies 0/1 tensors of any type and device, in order.
    internal static Dictionary<string, Tensor> Copy(IEnumerable<KeyValuePair<string, Tensor>> masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        using var scope = NewDisposeScope();
        var copies = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, mask) in masks)
        {
            if (string.IsNullOrEmpty(name) || name == SafetensorsHeader.MetadataName)
                throw new ArgumentException($"A mask needs the name of its parameter, not '{name}'.", nameof(masks));
            if (mask is null) throw new ArgumentNullException(nameof(masks), $"The mask of '{name}' is null.");
            if (copies.TryAdd(name, Copy(name, mask))) continue;
            throw new ArgumentException($"There are two masks for '{name}'.", nameof(masks));
        }

        if (copies.Count == 0) throw new ArgumentException("A mask needs at least one parameter.", nameof(masks));
        foreach (var copy in copies.Values) copy.DetachFromDisposeScope();
        return copies;
    }

    private static Tensor Copy(string name, Tensor mask)
    {
        using var ungraded = no_grad();
        if (mask.dtype != ScalarType.Bool && mask.ne(0).logical_and(mask.ne(1)).any().ToBoolean())
            throw new ArgumentException($"The mask of '{name}' holds something else than 0 and 1.", nameof(mask));
        return mask.to(ScalarType.Bool).cpu().contiguous().clone();
    }

    internal static long CountTrue(Tensor mask)
    {
        long count = 0;
        foreach (var part in new TensorMemory<byte>(mask)) count += part.Count((byte)1);
        return count;
    }

    // A copy with its elements in a random order, which only depends on seed and name.
    internal static Tensor Shuffle(Tensor mask, string name, long seed)
    {
        var shuffled = mask.clone();
        new SplitMix64(seed, name).Shuffle(new TensorMemory<bool>(shuffled));
        return shuffled;
    }
}
