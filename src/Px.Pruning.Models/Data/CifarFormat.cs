using Px.Bytes;
using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

// Reads the binary version of CIFAR-10 and CIFAR-100: records of label bytes and 3,072 bytes of a 32×32 image, red plane first.
// Source: Krizhevsky, Learning multiple layers of features from tiny images, 2009, https://www.cs.toronto.edu/~kriz/cifar.html.
internal static class CifarFormat
{
    private const int Side = 32, ImageLength = 3 * Side * Side;

    // Throws IOException if a file cannot be read, InvalidDataException if one is not a whole number of records, or holds a label
    // that there is not.
    internal static ImageDataset Read(IReadOnlyList<string> paths, int[] labelBytes, int label, ImageNormalization normalization)
    {
        var record = labelBytes.Length + ImageLength;
        var files = paths.Select(path => ReadRecords(path, record, labelBytes)).ToArray();
        var count = files.Sum(file => (long)file.Length / record);
        if (count * ImageLength > Array.MaxLength)
            throw new InvalidDataException($"{count} images do not fit into memory as one piece.");
        var (pixels, labels) = (new byte[count * ImageLength], new byte[count]);
        var image = 0;
        foreach (var file in files)
        {
            for (var start = 0; start < file.Length; start += record, image++)
            {
                labels[image] = file[start + label];
                file.AsSpan(start + labelBytes.Length, ImageLength).CopyTo(pixels.AsSpan(image * ImageLength));
            }
        }

        return new ImageDataset(new ImageStore { Pixels = pixels, Labels = labels, Channels = 3, Height = Side, Width = Side,
            Classes = labelBytes[label] }, normalization);
    }

    // The path of each file, in the folder itself or in the one that the official archive unpacks to.
    // Throws FileNotFoundException if one is in neither; the message says what to do.
    internal static string[] Find(string folder, string archiveFolder, string name, params string[] files)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var inner = Path.Combine(folder, archiveFolder);
        var root = Directory.Exists(inner) ? inner : folder;
        var missing = Array.Find(files, file => !File.Exists(Path.Combine(root, file)));
        if (missing is null)
            return [.. files.Select(file => Path.Combine(root, file))];

        var path = Path.Combine(root, missing);
        var why = !Directory.Exists(root) ? "The folder does not exist."
            : File.Exists(Path.ChangeExtension(path, null)) ? "The folder holds the Python version of the data set."
            : "The folder does not hold it.";
        throw new FileNotFoundException($"'{path}' is missing. {why} Unpack the official archive \"{name} binary version\" there.", path);
    }

    private static byte[] ReadRecords(string path, int record, int[] labelBytes)
    {
        using var file = InputFile.Open(path);
        var length = file.Length;
        if (length == 0 || length % record != 0)
        {
            throw new InvalidDataException($"'{path}' has {length} bytes, which is not one or more records of {record}: it is truncated, "
                + "or not the binary version of this data set.");
        }

        if (length > Array.MaxLength)
            throw new InvalidDataException($"'{path}' has {length} bytes, more than fit into memory as one piece.");
        var bytes = new byte[length];
        file.ReadExactly(bytes);
        for (var i = 0; i < labelBytes.Length; i++)
        {
            var labels = new byte[bytes.Length / record];
            for (var image = 0; image < labels.Length; image++)
                labels[image] = bytes[(image * record) + i];
            LabelCheck.Require(labels, labelBytes[i], path);
        }

        return bytes;
    }
}
