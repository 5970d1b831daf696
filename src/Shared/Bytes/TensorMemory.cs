using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Bytes;

// The memory of a contiguous CPU tensor as elements of T, indexed by 64 bits: a span holds at most 2³¹ − 1 bytes of a tensor, which may
// have any number. Going through it gives spans. Valid while the tensor lives.
internal readonly ref struct TensorMemory<T> where T : unmanaged
{
    private readonly ref T first;

    internal TensorMemory(Tensor contiguous)
    {
        long bytes = contiguous.numel() * contiguous.ElementSize;
        Length = bytes / Unsafe.SizeOf<T>();
        if (bytes <= TensorMemory.LargestSpan)
        {
            first = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, T>(contiguous.bytes));
            return;
        }

        using var flat = contiguous.view(-1);
        using var one = flat.narrow(0, 0, 1);
        first = ref Unsafe.As<byte, T>(ref MemoryMarshal.GetReference(one.bytes));
    }

    internal long Length { get; }

    internal bool IsEmpty => Length == 0;

    internal ref T this[long index]
    {
        get
        {
            if ((ulong)index >= (ulong)Length) throw new ArgumentOutOfRangeException(nameof(index));
            return ref Unsafe.Add(ref first, (nint)index);
        }
    }

    internal Span<T> Slice(long start, int count)
    {
        if (start < 0 || count < 0 || start > Length - count) throw new ArgumentOutOfRangeException(nameof(start));
        return MemoryMarshal.CreateSpan(ref Unsafe.Add(ref first, (nint)start), count);
    }

    public Enumerator GetEnumerator() => new(this);

    internal ref struct Enumerator
    {
        private readonly TensorMemory<T> memory;
        private long next;

        internal Enumerator(TensorMemory<T> memory) => this.memory = memory;

        public Span<T> Current { get; private set; }

        public bool MoveNext()
        {
            Current = memory.Slice(next, (int)Math.Min(TensorMemory.Part / Unsafe.SizeOf<T>(), memory.Length - next));
            next += Current.Length;
            return !Current.IsEmpty;
        }
    }
}

// How much of a tensor is one span; tests make both small.
internal static class TensorMemory
{
    internal static long LargestSpan { get; set; } = int.MaxValue;

    // A multiple of every element's size.
    internal static int Part { get; set; } = 1 << 26;
}
