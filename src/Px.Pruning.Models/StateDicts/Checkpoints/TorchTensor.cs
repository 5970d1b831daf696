using Px.Bytes;
using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// A tensor of a checkpoint before its memory is read: sizes, strides and offset, of which it is certain that they stay inside their
// storage.
internal sealed class TorchTensor : SavedTensor
{
    private const int MaximumDimensions = 64;

    // Further than any memory reaches, and small enough for libtorch to count in bytes.
    private const long MaximumStride = 1L << 40;

    private readonly long offset, elements, extent;
    private readonly long[] size, stride;

    // Throws InvalidDataException if an element would lie outside its storage.
    internal TorchTensor(TorchStorageView memory, long offset, long[] size, long[] stride)
    {
        Int128 elements = 1, last = 0;
        var isEmpty = size.Contains(0);
        var fits = offset >= 0 && offset <= memory.Count && size.Length == stride.Length && size.Length <= MaximumDimensions
            && !size.Any(long.IsNegative) && !stride.Any(long.IsNegative);
        for (var i = 0; fits && i < size.Length; i++)
        {
            elements *= Math.Max(size[i], 1); // a zero excuses no other size
            last += isEmpty ? 0 : (Int128)(size[i] - 1) * stride[i];
            fits = elements <= long.MaxValue && last <= long.MaxValue;
        }

        if (!fits || (!isEmpty && offset + last >= memory.Count))
        {
            throw new InvalidDataException($"a tensor of sizes [{Join(size)}] and strides [{Join(stride)}] that starts at element "
                + $"{offset} does not fit its storage of {memory.Count}.");
        }

        (Storage, this.offset, this.size) = (memory.Storage, memory.Offset + offset, size);
        this.stride = Array.ConvertAll(stride, step => Math.Min(step, MaximumStride)); // where there is nothing to step to, any stride fits
        (this.elements, extent) = isEmpty ? (0, 0) : ((long)elements, (long)last + 1);
    }

    internal TorchStorage Storage { get; }

    // Whether the memory holds the elements with the opposite sign: PyTorch negates lazily, by a bit of the tensor.
    internal bool IsNegated { get; init; }

    // The tensor, as a view of its memory, or as a copy where it is negated.
    // budget: pays for copies, and for tensors that take more memory than they lie in once somebody copies them: expanded ones.
    internal Tensor View(Tensor memory, MemoryBudget budget)
    {
        if (elements > extent || IsNegated)
            budget.Spend((long)Int128.Min((Int128)elements * Storage.Type.Size, long.MaxValue));
        var view = memory.as_strided(size, stride, offset);
        if (!IsNegated)
            return view;
        using (view)
            return view.neg();
    }

    private static string Join(long[] numbers) => string.Join(", ", numbers.Take(MaximumDimensions));
}
