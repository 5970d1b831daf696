namespace Px.Pruning.Models.Data;

/// <summary>Reads CIFAR-100: 50,000 + 10,000 colour images of 32×32 in a hundred classes, which make twenty coarse ones, from the official
/// binary version.</summary>
/// <remarks>Source: Krizhevsky 2009, <see href="https://www.cs.toronto.edu/~kriz/cifar.html"/>.</remarks>
/// <example><code>using var data = Cifar100.Load("cifar-100-binary", DatasetSplit.Train);</code></example>
public static class Cifar100
{
    /// <summary>Reads <c>train.bin</c> or <c>test.bin</c>. Files with fewer images than the official ones are fine.</summary>
    /// <param name="folder">The folder that holds them, or the one in which <c>cifar-100-binary</c> does.</param>
    /// <param name="split">Which images.</param>
    /// <param name="labels">The hundred classes or the twenty. The hundred by default.</param>
    /// <param name="normalization">What pixels become; null for <see cref="ImageNormalization.Cifar100"/>.</param>
    /// <exception cref="FileNotFoundException">A file is not there; the message says which and where.</exception>
    /// <exception cref="IOException">One that is there cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is truncated, damaged or of another kind.</exception>
    public static ImageDataset Load(string folder, DatasetSplit split, Cifar100Labels labels = Cifar100Labels.Fine,
        ImageNormalization? normalization = null)
    {
        var file = split switch
        {
            DatasetSplit.Train => "train.bin",
            DatasetSplit.Test => "test.bin",
            _ => throw new ArgumentOutOfRangeException(nameof(split), split, "There is no such split."),
        };
        if (!Enum.IsDefined(labels))
            throw new ArgumentOutOfRangeException(nameof(labels), labels, "There are no such labels.");
        return CifarFormat.Read(CifarFormat.Find(folder, "cifar-100-binary", "CIFAR-100", file), [20, 100], (int)labels, normalization
            ?? ImageNormalization.Cifar100);
    }
}
