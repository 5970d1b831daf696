namespace Px.Pruning.Models.Data;

/// <summary>Reads CIFAR-10: 50,000 + 10,000 colour images of 32×32 in ten classes, from the official binary version.</summary>
/// <remarks>Source: Krizhevsky 2009, <see href="https://www.cs.toronto.edu/~kriz/cifar.html"/>.</remarks>
/// <example><code>using var data = Cifar10.Load("cifar-10-batches-bin", DatasetSplit.Train);</code></example>
public static class Cifar10
{
    /// <summary>Reads <c>data_batch_1.bin</c> to <c>data_batch_5.bin</c>, or <c>test_batch.bin</c>. Files with fewer images than the
    /// official ones are fine.</summary>
    /// <param name="folder">The folder that holds them, or the one in which <c>cifar-10-batches-bin</c> does.</param>
    /// <param name="split">Which images.</param>
    /// <param name="normalization">What pixels become; null for <see cref="ImageNormalization.Cifar10"/>.</param>
    /// <exception cref="FileNotFoundException">A file is not there; the message says which and where.</exception>
    /// <exception cref="IOException">One that is there cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is truncated, damaged or of another kind.</exception>
    public static ImageDataset Load(string folder, DatasetSplit split, ImageNormalization? normalization = null)
    {
        string[] files = split switch
        {
            DatasetSplit.Train => [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")],
            DatasetSplit.Test => ["test_batch.bin"],
            _ => throw new ArgumentOutOfRangeException(nameof(split), split, "There is no such split."),
        };
        return CifarFormat.Read(CifarFormat.Find(folder, "cifar-10-batches-bin", "CIFAR-10", files), [10], label: 0, normalization
            ?? ImageNormalization.Cifar10);
    }
}
