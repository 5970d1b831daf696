using static TorchSharp.torch;

namespace Px.Pruning;

// What a network is called with for a batch of samples: one tensor or several, each [B, …]. Its numbers are the floating-point ones, where
// paths begin; the others, such as indices and masks, keep type and values. Where none is floating-point, all are numbers. Operations
// return fresh handles; disposing it disposes the tensors.
internal sealed class Inputs(IReadOnlyList<Tensor> tensors) : IDisposable
{
    private readonly bool allAreNumbers = !tensors.Any(tensor => tensor.is_floating_point());

    internal IReadOnlyList<Tensor> Tensors => tensors;

    internal IEnumerable<Tensor> Numbers => tensors.Where(IsNumber);

    internal long Samples => tensors[0].size(0);

    internal bool IsNumber(Tensor tensor) => allAreNumbers || tensor.is_floating_point();

    internal Inputs Map(Func<Tensor, Tensor> change) => new([.. tensors.Select(change)]);

    internal Inputs MapNumbers(Func<Tensor, Tensor> change) => Map(tensor => IsNumber(tensor) ? change(tensor) : tensor.alias());

    internal Inputs Narrow(long start, long count) => Map(tensor => tensor.narrow(0, start, count));

    internal IEnumerable<Inputs> Split(long size)
    {
        for (long start = 0; start < Samples; start += size) yield return Narrow(start, Math.Min(size, Samples - start));
    }

    // Floating-point tensors in another type.
    internal Inputs To(ScalarType type) => Map(tensor => tensor.is_floating_point() ? tensor.to(type) : tensor.alias());

    internal bool IsInOtherType(ScalarType type) => tensors.Any(tensor => tensor.is_floating_point() && tensor.dtype != type);

    public static implicit operator Inputs(Tensor tensor) => new([tensor]);

    // The shapes, for messages.
    public override string ToString() => string.Join(", ", tensors.Select(tensor => ShapeText.Of(tensor.shape)));

    public void Dispose()
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }
}
