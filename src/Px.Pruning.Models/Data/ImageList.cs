using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Loads images that lie in one flat folder and have their classes in a list, as ImageNet's validation images are
/// published.</summary>
/// <remarks>
/// <para>A line of the list is a file and its class, with a space, a tab or a comma between (<c>ILSVRC2012_val_00000001.JPEG 65</c>;
/// <c>ILSVRC2012_val_00000001,n01751748 …</c> as in <c>LOC_val_solution.csv</c>), or a class alone
/// (<c>ILSVRC2012_validation_ground_truth.txt</c>): such lines belong to the folder's images in ordinal order of their names. What follows
/// the class is ignored, as are empty lines and a first line that begins with <c>ImageId,</c>.</para>
/// <para>For labels that agree with those of training images in <see cref="ImageFolder"/>:
/// <c>ImageList.Load("val", "LOC_val_solution.csv", files, new() { ClassNames = train.ClassNames })</c>.</para>
/// <para>Files are decoded when they are wanted. Hidden files are ignored.</para>
/// </remarks>
/// <example><code>
/// var files = new ImageFileOptions { Decoder = Decode, Resize = 256, Height = 224, Width = 224 };
/// using var data = ImageList.Load("imagenet/val", "val.txt", files);
/// </code></example>
public static class ImageList
{
    /// <summary>Finds the images.</summary>
    /// <param name="folder">The folder that holds the images.</param>
    /// <param name="list">The list's file, a text.</param>
    /// <param name="options">How files become items. The statistics are <see cref="ImageNormalization.ImageNet"/> unless it names
    /// others.</param>
    /// <param name="labels">What the list's classes mean; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="FileNotFoundException">The list or an image is not there; the message says which.</exception>
    /// <exception cref="IOException">The list, the folder or the first image cannot be read.</exception>
    /// <exception cref="InvalidDataException">The list is empty or damaged, names a class that there is not, or has not as many lines as
    /// the folder has images; or the first image cannot be decoded.</exception>
    public static ImageDataset Load(string folder, string list, ImageFileOptions options, ImageListOptions? labels = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(list);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        labels ??= new ImageListOptions();
        labels.Validate();
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        if (!File.Exists(list))
            throw new FileNotFoundException($"The list '{list}' does not exist.", list);
        var lines = ImageListFile.Read(list);
        var paths = ImageListFile.Paths(folder, list, lines);
        var (numbers, names) = ImageListFile.Labels(list, lines, labels);
        var files = new FileSamples(paths, options);
        return new ImageDataset(files, numbers, names, files.Format, options.Normalization ?? ImageNormalization.ImageNet);
    }
}
