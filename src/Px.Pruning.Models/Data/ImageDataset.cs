using System.Globalization;
using Px.Pruning.Models.Data.Pipeline;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Data;

/// <summary>
/// Images with a class each: from memory (<see cref="Mnist"/>, <see cref="FashionMnist"/>, <see cref="Cifar10"/>, <see cref="Cifar100"/>),
/// or from files that are decoded when they are wanted (<see cref="ImageFolder"/>, <see cref="ImageList"/>,
/// <see cref="TinyImageNet"/>).
/// </summary>
/// <remarks>
/// <para>As a torch dataset it yields <c>"data"</c>, float32 [C, H, W], and <c>"label"</c>, an int64 scalar. <see cref="Batches"/> gives
/// the same images a batch at a time, about twenty times as fast, shuffled in an order that a seed and the epoch decide, augmented, and
/// prepared by threads if that is asked for.</para>
/// <para>It holds no tensors, only managed memory: disposing it (a <c>DataLoader</c> does so by default) changes nothing.</para>
/// </remarks>
public sealed class ImageDataset : utils.data.Dataset
{
    private readonly SampleSet samples;
    private readonly int[] labels;
    private readonly int[] indices;

    internal ImageDataset(ImageStore store, ImageNormalization normalization)
        : this(
            store, Array.ConvertAll(store.Labels, label => (int)label),
            [.. Enumerable.Range(0, store.Classes).Select(i => i.ToString(CultureInfo.InvariantCulture))],
            new SampleFormat(store.Height, store.Width), normalization)
    {
    }

    internal ImageDataset(ISampleSource source, int[] labels, IReadOnlyList<string> classNames, SampleFormat format,
        ImageNormalization normalization)
        : this(
            new SampleSet { Source = source, Labels = labels, Format = format, Table = normalization.Table(source.Channels) },
            labels, [.. Enumerable.Range(0, source.Count)], classNames)
    {
    }

    private ImageDataset(SampleSet samples, int[] labels, int[] indices, IReadOnlyList<string> classNames) =>
        (this.samples, this.labels, this.indices, ClassNames) = (samples, labels, indices, classNames);

    /// <summary>The number of images.</summary>
    public override long Count => indices.Length;

    /// <summary>The number of classes; labels run from 0 to one less.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>The classes' names, by label: folders' names, WordNet numbers, or where the reader knows none the labels
    /// themselves.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The channels of each image.</summary>
    public int Channels => samples.Source.Channels;

    /// <summary>The rows of each image.</summary>
    public int Height => samples.Format.Height;

    /// <summary>The columns of each image.</summary>
    public int Width => samples.Format.Width;

    /// <summary>The class of one image.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    public int Label(long index) => labels[SampleIndex.Check(index, indices)];

    /// <summary>Reads one image as <c>"data"</c>, float32 [C, H, W], and its <c>"label"</c>, an int64 scalar. The caller disposes both.
    /// Safe from several threads.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    /// <exception cref="IOException">Its file cannot be read.</exception>
    /// <exception cref="InvalidDataException">Its file cannot be decoded; the message names it.</exception>
    public override Dictionary<string, Tensor> GetTensor(long index) => SampleBatches.Item(samples, SampleIndex.Check(index, indices));

    /// <summary>Yields all images in batches: float32 [B, C, H, W] with int64 labels [B].</summary>
    /// <remarks>
    /// A batch is borrowed: its tensors belong to no dispose scope, and the step to the next batch, or leaving the loop, disposes them.
    /// Clone what is to stay. Leaving the loop, or disposing the enumerator, also stops <see cref="ImageBatchOptions.Workers"/>.
    /// </remarks>
    /// <param name="options">Size, order, epoch, augmentation, threads, device; null for batches of 128 in the order of the data
    /// set.</param>
    /// <returns>A sequence that can be walked again, with the same result. Walking it throws <see cref="InvalidDataException"/> at a file
    /// that cannot be decoded.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its range.</exception>
    public IEnumerable<(Tensor Data, Tensor Label)> Batches(ImageBatchOptions? options = null)
    {
        options ??= new ImageBatchOptions();
        options.Validate();
        return SampleBatches.Enumerate(samples, indices, options);
    }

    /// <summary>Takes the first images of every class, as evenly as possible, in the order of the data set. Shares this object's
    /// memory.</summary>
    /// <remarks>Classes get one image in turn until the count is reached; one that has no more is left out. Ten classes and a count of
    /// 25 give five of them three images and five two.</remarks>
    /// <param name="count">0 to <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count lies outside its range.</exception>
    public ImageDataset Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, indices.Length);
        // Sorting by (how many of its class came before, class) lists the images turn by turn.
        return Subset(Turns().OrderBy(image => image).Take(count));
    }

    /// <summary>Takes the first images of each class, in the order of the data set: ten of each are what the paper prunes on. Shares this
    /// object's memory.</summary>
    /// <param name="count">How many of each class, at least 1. A class that has fewer keeps those.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public ImageDataset TakePerClass(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return Subset(Turns().Where(image => image.Turn < count));
    }

    /// <summary>Resizes the images: the shorter side bilinearly to the given one, and the middle square is cut out. Shares this object's
    /// memory.</summary>
    /// <param name="side">Rows and columns of each image, 1 to 16,384; 224 for networks that were trained on ImageNet.</param>
    /// <exception cref="ArgumentOutOfRangeException">The side lies outside its range.</exception>
    public ImageDataset Resized(int side)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(side, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(side, 16_384);
        return new ImageDataset(samples with { Format = new SampleFormat(side, side, side) }, labels, indices, ClassNames);
    }

    // Each image with how many of its class come before it.
    private List<(int Turn, int Label, int Position)> Turns()
    {
        var seen = new int[Classes];
        return [.. indices.Select((image, position) => (Turn: seen[labels[image]]++, Label: labels[image], Position: position))];
    }

    private ImageDataset Subset(IEnumerable<(int Turn, int Label, int Position)> images) =>
        new(samples, labels, [.. images.Select(image => image.Position).Order().Select(position => indices[position])], ClassNames);
}
