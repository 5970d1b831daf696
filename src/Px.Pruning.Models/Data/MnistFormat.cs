using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

// Reads the two files, images and labels, of a split of MNIST or of one of the data sets made in its image.
internal static class MnistFormat
{
    internal const int Classes = 10;

    internal static ImageDataset FromFolder(string folder, DatasetSplit split, ImageNormalization normalization, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Enum.IsDefined(split))
            throw new ArgumentOutOfRangeException(nameof(split), split, "There is no such split.");
        var prefix = split == DatasetSplit.Train ? "train" : "t10k";
        return FromFiles(Find(folder, $"{prefix}-images-idx3-ubyte", name), Find(folder, $"{prefix}-labels-idx1-ubyte", name),
            normalization);
    }

    internal static ImageDataset FromFiles(string images, string labels, ImageNormalization normalization)
    {
        ArgumentException.ThrowIfNullOrEmpty(images);
        ArgumentException.ThrowIfNullOrEmpty(labels);
        var (pixels, count, height, width) = IdxFile.ReadImages(images);
        var classes = IdxFile.ReadLabels(labels, Classes);
        if (classes.Length != count)
        {
            throw new InvalidDataException($"'{images}' has {count} images and '{labels}' {classes.Length} labels: they do not belong "
                + "together.");
        }

        return new ImageDataset(new ImageStore { Pixels = pixels, Labels = classes, Channels = 1, Height = height, Width = width,
            Classes = Classes }, normalization);
    }

    private static string Find(string folder, string file, string name)
    {
        var path = Path.Combine(folder, file);
        foreach (var candidate in (string[])[path, path + ".gz"])
        {
            if (File.Exists(candidate))
                return candidate;
        }

        var message = Directory.Exists(folder)
            ? $"The folder '{folder}' has neither {file} nor {file}.gz."
            : $"The folder '{folder}' does not exist.";
        throw new FileNotFoundException($"{message} Put the four files of {name} there, gzipped or not.", path);
    }
}
