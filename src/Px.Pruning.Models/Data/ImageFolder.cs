using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Loads images that lie in one folder a class: <c>folder/class/…/image.png</c>. Classes are the sub-folders in ordinal order of
/// their names, images the files in ordinal order of their paths.</summary>
/// <remarks>
/// <para>Files are decoded when they are wanted. The layout is that of torchvision's <c>ImageFolder</c>, and of ImageNet as it is usually
/// unpacked; <see cref="ImageList"/> reads ImageNet's validation images as they are published.</para>
/// <para>Hidden files and folders are ignored: those whose names begin with a dot, and on Windows those with that attribute.</para>
/// </remarks>
/// <example><code>
/// // Decode is a function of yours that calls an image library.
/// var files = new ImageFileOptions { Decoder = Decode, Resize = 256, Height = 224, Width = 224 };
/// using var data = ImageFolder.Load("imagenet/train", files);
/// </code></example>
public static class ImageFolder
{
    /// <summary>Finds the images. <see cref="ImageDataset.Take"/> and <see cref="ImageDataset.TakePerClass"/> keep some of them.</summary>
    /// <param name="folder">The folder that holds one for each class.</param>
    /// <param name="options">How files become items. The statistics are <see cref="ImageNormalization.ImageNet"/> unless it names
    /// others.</param>
    /// <param name="extensions">Endings of the files to take, with their dot, in whatever case; null for .jpg, .jpeg, .png and
    /// .bmp.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="IOException">A folder, or the first image, cannot be read.</exception>
    /// <exception cref="InvalidDataException">It has no sub-folder, one without images, or a first image that cannot be decoded; the
    /// message says which.</exception>
    public static ImageDataset Load(string folder, ImageFileOptions options, IReadOnlyList<string>? extensions = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        var classes = VisibleFiles.FolderNames(folder);
        if (classes.Length == 0)
            throw new InvalidDataException($"The folder '{folder}' has no sub-folders, and each class should have one.");

        var endings = ImageEndings.Of(extensions);
        var (paths, labels) = (new List<string>(), new List<int>());
        for (var label = 0; label < classes.Length; label++)
        {
            var images = VisibleFiles.Below(Path.Combine(folder, classes[label]), endings);
            if (images.Count == 0)
            {
                throw new InvalidDataException($"The folder '{Path.Combine(folder, classes[label])}' has no file that ends in "
                    + $"{string.Join(", ", endings)}.");
            }

            paths.AddRange(images);
            labels.AddRange(Enumerable.Repeat(label, images.Count));
        }

        var files = new FileSamples(paths, options);
        return new ImageDataset(files, [.. labels], classes, files.Format, options.Normalization ?? ImageNormalization.ImageNet);
    }
}
