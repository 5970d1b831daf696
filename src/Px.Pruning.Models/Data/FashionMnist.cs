namespace Px.Pruning.Models.Data;

/// <summary>Reads Fashion-MNIST: 60,000 + 10,000 grey images of 28×28, ten kinds of clothing, in MNIST's format.</summary>
/// <remarks>Source: Xiao, Rasul, Vollgraf, <see href="https://github.com/zalandoresearch/fashion-mnist"/>, MIT.</remarks>
/// <example><code>using var data = FashionMnist.Load("fashion-mnist", DatasetSplit.Test);</code></example>
public static class FashionMnist
{
    /// <summary>Reads <c>train-images-idx3-ubyte</c> and <c>train-labels-idx1-ubyte</c>, or the <c>t10k-</c> files, each gzipped
    /// (<c>.gz</c>) or not.</summary>
    /// <param name="folder">The folder that holds them.</param>
    /// <param name="split">Which of the two pairs.</param>
    /// <param name="normalization">What pixels become; null for <see cref="ImageNormalization.FashionMnist"/>.</param>
    /// <exception cref="FileNotFoundException">A file is not there; the message says which and where.</exception>
    /// <exception cref="IOException">One that is there cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is truncated, damaged, of another kind, or the two do not belong together.</exception>
    public static ImageDataset Load(string folder, DatasetSplit split, ImageNormalization? normalization = null) =>
        MnistFormat.FromFolder(folder, split, normalization ?? ImageNormalization.FashionMnist, "Fashion-MNIST");
}
