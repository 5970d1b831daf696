using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Images in folders, one a class: <c>folder/class/…/image.png</c>. Classes are the sub-folders in ordinal order of their names,
/// images those in ordinal order of their paths.</summary>
/// <remarks>Files are decoded when they are wanted. The layout is that of torchvision's <c>ImageFolder</c>, and of ImageNet as it is
/// usually unpacked.</remarks>
public static class ImageFolder
{
    private static readonly string[] Usual = [".jpg", ".jpeg", ".png", ".bmp"];

    /// <summary>Finds the images. <see cref="ImageDataset.Take"/> and <see cref="ImageDataset.TakePerClass"/> keep some of them.</summary>
    /// <param name="folder">The folder that holds one for each class.</param>
    /// <param name="options">How files become items. The statistics are <see cref="ImageNormalization.ImageNet"/> unless it names
    /// others.</param>
    /// <param name="extensions">Endings of the files to take, with their dot, in whatever case; null for .jpg, .jpeg, .png and
    /// .bmp.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">It has no sub-folder, one without images, or a first image that cannot be decoded; the
    /// message says which.</exception>
    public static ImageDataset Load(string folder, ImageFileOptions options, IReadOnlyList<string>? extensions = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        var classes = Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToArray();
        if (classes.Length == 0)
            throw new InvalidDataException($"The folder '{folder}' has no sub-folders, and each class should have one.");

        var endings = (extensions ?? Usual).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var (paths, labels) = (new List<string>(), new List<int>());
        for (var label = 0; label < classes.Length; label++)
        {
            var images = Directory.EnumerateFiles(Path.Combine(folder, classes[label]), "*", SearchOption.AllDirectories)
                .Where(path => endings.Contains(Path.GetExtension(path))).Order(StringComparer.Ordinal).ToList();
            if (images.Count == 0)
                throw new InvalidDataException($"The folder '{Path.Combine(folder, classes[label])}' has no file that ends in "
                    + $"{string.Join(", ", endings)}.");
            paths.AddRange(images);
            labels.AddRange(Enumerable.Repeat(label, images.Count));
        }

        var files = new FileSamples(paths, options);
        return new ImageDataset(files, [.. labels], classes, files.Format, options.Normalization ?? ImageNormalization.ImageNet);
    }
}
