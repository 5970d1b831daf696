using static TorchSharp.torch;

namespace Px.Pruning.Models.Data;

/// <summary>Cuts a data set into batches: the order, the random crops and flips, and the tensors' lives.</summary>
internal static class ImageBatches
{
    private enum Purpose
    {
        Order,
        Augmentation,
    }

    public static IEnumerable<(Tensor Data, Tensor Label)> Enumerate(ImageStore store, int[] indices, float[] table, ImageBatchOptions options)
    {
        var order = Order(indices, options);
        var random = Sequence(options, Purpose.Augmentation);
        for (var start = 0; start < order.Length; start += options.BatchSize)
        {
            var batch = order.AsMemory(start, Math.Min(options.BatchSize, order.Length - start));
            if (options.DropLast && batch.Length < options.BatchSize)
                yield break;
            var (data, label) = Make(store, batch.Span, table, options, ref random);
            using (data)
            using (label)
                yield return (data, label);
        }
    }

    private static int[] Order(int[] indices, ImageBatchOptions options)
    {
        if (options.ShuffleSeed is null)
            return indices;
        var order = indices.ToArray();
        Sequence(options, Purpose.Order).Shuffle(order);
        return order;
    }

    private static RandomSequence Sequence(ImageBatchOptions options, Purpose purpose) =>
        new(options.ShuffleSeed ?? 0, ((ulong)(uint)options.Epoch << 1) | (ulong)purpose);

    private static (Tensor Data, Tensor Label) Make(ImageStore store, ReadOnlySpan<int> images, float[] table, ImageBatchOptions options, ref RandomSequence random)
    {
        using var temporaries = NewDisposeScope();
        var data = empty([images.Length, store.Channels, store.Height, store.Width], dtype: ScalarType.Float32);
        var label = empty([images.Length], dtype: ScalarType.Int64);
        var pixels = ImageKernel.Floats(data);
        var labels = ImageKernel.Longs(label);
        for (var i = 0; i < images.Length; i++)
        {
            var target = pixels.Slice(i * store.ImageLength, store.ImageLength);
            if (options.Augmentation is { } augmentation)
                ImageKernel.CopyAugmented(store, images[i], table, target, Draw(augmentation, ref random));
            else
                ImageKernel.Copy(store, images[i], table, target);
            labels[i] = store.Labels[images[i]];
        }

        if (options.Device is { } device)
            (data, label) = (data.to(device), label.to(device));
        return temporaries.Detach(data, label);
    }

    private static ImageKernel.Change Draw(ImageAugmentation augmentation, ref RandomSequence random)
    {
        // Always three draws, so that one option does not change what another one sees.
        var (down, right, flip) = (random.Below((2 * augmentation.CropPadding) + 1), random.Below((2 * augmentation.CropPadding) + 1), random.Below(2));
        return new ImageKernel.Change(down - augmentation.CropPadding, right - augmentation.CropPadding, augmentation.HorizontalFlip && flip == 1);
    }
}
