using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Data;

/// <summary>Images of one size with a class each, held in memory as bytes. Made by <see cref="Mnist"/>, <see cref="FashionMnist"/>, <see cref="Cifar10"/> and <see cref="Cifar100"/>.</summary>
/// <remarks>
/// <para>As a torch dataset it yields <c>"data"</c>, float32 [C, H, W], and <c>"label"</c>, an int64 scalar. <see cref="Batches"/> gives the same images a batch at a time,
/// about twenty times as fast, shuffled in an order that a seed and the epoch decide, and augmented.</para>
/// <para>It holds no tensors, only managed memory: disposing it (a <c>DataLoader</c> does so by default) changes nothing.</para>
/// </remarks>
public sealed class ImageDataset : utils.data.Dataset
{
    private readonly ImageStore _store;
    private readonly int[] _indices;
    private readonly float[] _table;

    internal ImageDataset(ImageStore store, ImageNormalization normalization)
        : this(store, [.. Enumerable.Range(0, store.Labels.Length)], normalization.Table(store.Channels))
    {
    }

    private ImageDataset(ImageStore store, int[] indices, float[] table) => (_store, _indices, _table) = (store, indices, table);

    /// <summary>The number of images.</summary>
    public override long Count => _indices.Length;

    /// <summary>The number of classes; labels run from 0 to one less.</summary>
    public int Classes => _store.Classes;

    /// <summary>The channels of each image.</summary>
    public int Channels => _store.Channels;

    /// <summary>The rows of each image.</summary>
    public int Height => _store.Height;

    /// <summary>The columns of each image.</summary>
    public int Width => _store.Width;

    /// <summary>The class of one image.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    public int Label(long index) => _store.Labels[StoreIndex(index)];

    /// <summary>One image as <c>"data"</c>, float32 [C, H, W], and its <c>"label"</c>, an int64 scalar. The caller disposes both. Safe from several threads.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    public override Dictionary<string, Tensor> GetTensor(long index)
    {
        var image = StoreIndex(index);
        var data = empty([Channels, Height, Width], dtype: ScalarType.Float32);
        ImageKernel.Copy(_store, image, _table, ImageKernel.Floats(data));
        return new Dictionary<string, Tensor> { ["data"] = data, ["label"] = tensor((long)_store.Labels[image]) };
    }

    /// <summary>All images in batches: float32 [B, C, H, W] with int64 labels [B].</summary>
    /// <remarks>A batch is borrowed: its tensors belong to no dispose scope, and the step to the next batch, or leaving the loop, disposes them. Clone what is to stay.</remarks>
    /// <param name="options">Size, order, epoch, augmentation, device; null for batches of 128 in the order of the data set.</param>
    /// <returns>A sequence that can be walked again, with the same result.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A batch size below 1 or a negative padding.</exception>
    public IEnumerable<(Tensor Data, Tensor Label)> Batches(ImageBatchOptions? options = null)
    {
        options ??= new ImageBatchOptions();
        options.Validate();
        return ImageBatches.Enumerate(_store, _indices, _table, options);
    }

    /// <summary>The first images of every class, as evenly as they can be had, in the order of the data set. Shares this object's memory.</summary>
    /// <remarks>Classes get one image in turn until the count is reached; one that has no more is passed over. Ten classes and a count of 25 give five of them three images and five two.</remarks>
    /// <param name="count">0 to <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count lies outside its range.</exception>
    public ImageDataset Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _indices.Length);
        var seen = new int[Classes];
        // Sorting by (how many of its class came before, class) lists the images turn by turn.
        var turns = _indices.Select((image, position) => (Turn: seen[_store.Labels[image]]++, Label: _store.Labels[image], position)).ToArray();
        Array.Sort(turns);
        return new ImageDataset(_store, [.. turns.Take(count).Select(turn => turn.position).Order().Select(position => _indices[position])], _table);
    }

    private int StoreIndex(long index)
    {
        if (!(index >= 0 && index < _indices.Length))
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The data set has the images 0 to {_indices.Length - 1}.");
        return _indices[index];
    }
}
