using Px.Pruning.Models.Data.Pipeline;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Data;

/// <summary>Images whose every pixel has a class. Made by <see cref="CamVid"/> and <see cref="PascalVoc2012"/>.</summary>
/// <remarks>
/// <para>As a torch dataset it yields <c>"data"</c>, float32 [3, H, W], and <c>"label"</c>, int64 [H, W]. <see cref="Batches"/> gives the
/// same a batch at a time. A pixel that belongs to no class has the label <see cref="IgnoreIndex"/>, which a loss and a meter must leave
/// out.</para>
/// <para>It holds no tensors, only managed memory: disposing it (a <c>DataLoader</c> does so by default) changes nothing.</para>
/// </remarks>
public sealed class SegmentationDataset : utils.data.Dataset
{
    private readonly SampleSet samples;
    private readonly int[] indices;

    internal SegmentationDataset(SampleSet samples, IReadOnlyList<string> classNames)
        : this(samples, classNames, [.. Enumerable.Range(0, samples.Source.Count)])
    {
    }

    private SegmentationDataset(SampleSet samples, IReadOnlyList<string> classNames, int[] indices) =>
        (this.samples, ClassNames, this.indices) = (samples, classNames, indices);

    /// <summary>The number of images.</summary>
    public override long Count => indices.Length;

    /// <summary>The number of classes; labels run from 0 to one less, and <see cref="IgnoreIndex"/>.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>The classes' names, by label.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The label of pixels that belong to no class, and of padding: 255 for Pascal VOC, 11 for CamVid.</summary>
    public long IgnoreIndex => samples.IgnoreIndex;

    /// <summary>The rows of each image.</summary>
    public int Height => samples.Format.Height;

    /// <summary>The columns of each image.</summary>
    public int Width => samples.Format.Width;

    /// <summary>Reads one image as <c>"data"</c>, float32 [3, H, W], and its <c>"label"</c>, int64 [H, W]. The caller disposes both. Safe
    /// from several threads.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file cannot be decoded, or is no mask; the message names it.</exception>
    public override Dictionary<string, Tensor> GetTensor(long index) => SampleBatches.Item(samples, SampleIndex.Check(index, indices));

    /// <summary>Yields all images in batches: float32 [B, 3, H, W] with int64 labels [B, H, W].</summary>
    /// <remarks>Borrowed, as those of <see cref="ImageDataset.Batches"/> are.</remarks>
    /// <param name="options">Size, order, epoch, augmentation, threads, device; null for batches of 128 in the order of the data
    /// set.</param>
    /// <returns>A sequence that can be walked again, with the same result. Walking it throws <see cref="InvalidDataException"/> at a file
    /// that cannot be decoded.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its range.</exception>
    /// <exception cref="ArgumentException">A balanced order: these images have no class to balance.</exception>
    public IEnumerable<(Tensor Data, Tensor Label)> Batches(ImageBatchOptions? options = null)
    {
        options ??= new ImageBatchOptions();
        options.Validate();
        if (options.Balanced)
        {
            throw new ArgumentException("An image whose pixels have classes has none itself, so the order cannot be balanced.",
                nameof(options));
        }

        return SampleBatches.Enumerate(samples, indices, options);
    }

    /// <summary>Takes the first images. Shares this object's memory.</summary>
    /// <param name="count">0 to <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count lies outside its range.</exception>
    public SegmentationDataset Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, indices.Length);
        return new SegmentationDataset(samples, ClassNames, indices[..count]);
    }
}
