namespace Px.Pruning.Models.Data;

/// <summary>Reads MNIST: 60,000 + 10,000 grey images of 28×28, handwritten digits 0 to 9.</summary>
/// <remarks>Source: LeCun, Cortes, Burges, <see href="http://yann.lecun.com/exdb/mnist/"/>. Other data sets in its format, such as KMNIST,
/// read likewise.</remarks>
/// <example><code>using var data = Mnist.Load("mnist", DatasetSplit.Test);</code></example>
public static class Mnist
{
    /// <summary>Reads <c>train-images-idx3-ubyte</c> and <c>train-labels-idx1-ubyte</c>, or the <c>t10k-</c> files, each gzipped
    /// (<c>.gz</c>) or not.</summary>
    /// <param name="folder">The folder that holds them.</param>
    /// <param name="split">Which of the two pairs.</param>
    /// <param name="normalization">What pixels become; null for <see cref="ImageNormalization.Mnist"/>.</param>
    /// <exception cref="FileNotFoundException">A file is not there; the message says which and where.</exception>
    /// <exception cref="IOException">One that is there cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is truncated, damaged, of another kind, or the two do not belong together.</exception>
    public static ImageDataset Load(string folder, DatasetSplit split, ImageNormalization? normalization = null) =>
        MnistFormat.FromFolder(folder, split, normalization ?? ImageNormalization.Mnist, "MNIST");

    /// <summary>Reads a file of images and the file of their labels, whatever their names, gzipped or not.</summary>
    /// <param name="images">An IDX file [N, H, W] of bytes.</param>
    /// <param name="labels">An IDX file [N] of bytes, 0 to 9.</param>
    /// <param name="normalization">What pixels become; null for <see cref="ImageNormalization.Mnist"/>.</param>
    /// <exception cref="IOException">A file is not there or cannot be read, or is a folder or a pipe.</exception>
    /// <exception cref="InvalidDataException">As for <see cref="Load"/>.</exception>
    public static ImageDataset FromFiles(string images, string labels, ImageNormalization? normalization = null) =>
        MnistFormat.FromFiles(images, labels, normalization ?? ImageNormalization.Mnist);
}
