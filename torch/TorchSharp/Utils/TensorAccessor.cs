using System.Collections;

using static TorchSharp.torch;

namespace TorchSharp.Utils;

/// <summary>The elements of a CPU tensor in logical order, read and written in place; strides are honoured. Of no use after the tensor's own end.</summary>
public sealed class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly Tensor tensor;
    private readonly bool ownsTensor;
    private readonly long[] shape;
    private readonly long[] strides;

    internal TensorAccessor(Tensor tensor, bool ownsTensor)
    {
        this.tensor = tensor;
        this.ownsTensor = ownsTensor;
        shape = tensor.shape;
        strides = tensor.stride();
        Count = tensor.NumberOfElements;
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    public unsafe T this[params long[] indices]
    {
        get => *Element(OffsetOf(indices));
        set => *Element(OffsetOf(indices)) = value;
    }

    public T[] ToArray()
    {
        var array = new T[Count];
        CopyTo(array);
        return array;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    /// <summary>From element <paramref name="tensorIndex"/> on, until either end. A tensor without elements has none to begin at.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such element.</exception>
    public unsafe void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var startingIndex = tensorIndex;
        ArgumentOutOfRangeException.ThrowIfNegative(startingIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(startingIndex, Count);
        var count = (int)Math.Min(array.Length - arrayIndex, Count - startingIndex);
        if (count <= 0) return;
        var target = array.Slice(arrayIndex, count);
        if (tensor.is_contiguous())
        {
            new ReadOnlySpan<T>(Element(tensorIndex), count).CopyTo(target);
            return;
        }
        for (var i = 0; i < count; i++) target[i] = *Element(OffsetOf(tensorIndex + i));
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public unsafe void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var count = (int)Math.Min(array.Length - arrayIndex, Count - tensorIndex);
        for (var i = 0; i < count; i++) *Element(OffsetOf(tensorIndex + i)) = array[arrayIndex + i];
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++) yield return At(i);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Frees the copy that it made of a tensor elsewhere, and nothing else.</summary>
    public void Dispose()
    {
        if (ownsTensor) tensor.Dispose();
    }

    private unsafe T At(long index) => *Element(OffsetOf(index));

    private unsafe T* Element(long offset) => (T*)tensor.DataPointer + offset;

    /// <summary>Where the index-th element in logical order lies, counted in elements.</summary>
    private long OffsetOf(long index)
    {
        long offset = 0;
        for (var dim = shape.Length - 1; dim >= 0; dim--)
        {
            offset += index % shape[dim] * strides[dim];
            index /= shape[dim];
        }
        return offset;
    }

    /// <summary>One index counts in logical order; several count along their dimensions.</summary>
    private long OffsetOf(long[] indices)
    {
        if (indices.Length == 1 && shape.Length != 1) return OffsetOf(Inside(indices[0], Count));
        if (indices.Length != shape.Length) throw new ArgumentException($"{indices.Length} indices into a tensor of {shape.Length} dimensions", nameof(indices));
        long offset = 0;
        for (var dim = 0; dim < shape.Length; dim++) offset += Inside(indices[dim], shape[dim]) * strides[dim];
        return offset;
    }

    private static long Inside(long index, long size) =>
        index >= 0 && index < size ? index : throw new IndexOutOfRangeException($"Index {index} is not inside [0, {size}).");
}
