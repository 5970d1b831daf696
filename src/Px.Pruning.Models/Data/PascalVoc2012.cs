using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Pascal VOC 2012, segmentation: 1,464 + 1,449 images of many sizes with twenty kinds of objects, background, and void, whose
/// files are decoded when they are wanted.</summary>
/// <remarks>
/// <para>Masks are PNG files with a palette, in which the label is the index. A decoder may return the palette's colours, or the index as
/// grey.</para>
/// <para>The paper trains with <c>new ImageFileOptions { Decoder = …, Height = 513, Width = 513 }</c> and <c>new ScaledCrop()</c>, and
/// tests with <c>Resize = 513</c> added.</para>
/// <para>Source: Everingham et al., <see href="http://host.robots.ox.ac.uk/pascal/VOC/voc2012/"/>.</para>
/// </remarks>
public static class PascalVoc2012
{
    private static readonly string[] Names =
    [
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
        "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ];

    /// <summary>Finds the images that <c>ImageSets/Segmentation</c> lists in <c>JPEGImages</c>, and their masks in
    /// <c>SegmentationClass</c>.</summary>
    /// <param name="folder">The folder <c>VOC2012</c>, <c>VOCdevkit</c>, or the one that holds it.</param>
    /// <param name="split">Which list.</param>
    /// <param name="options">How files become items. The statistics are <see cref="ImageNormalization.ImageNet"/> unless it names
    /// others.</param>
    /// <exception cref="FileNotFoundException">A list, an image or a mask is not there; the message says which and where.</exception>
    /// <exception cref="InvalidDataException">The list is empty, or the first image cannot be decoded.</exception>
    public static SegmentationDataset Load(string folder, PascalVocSplit split, ImageFileOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var list = split switch
        {
            PascalVocSplit.Train => "train.txt",
            PascalVocSplit.Validation => "val.txt",
            PascalVocSplit.TrainValidation => "trainval.txt",
            _ => throw new ArgumentOutOfRangeException(nameof(split), split, "There is no such split."),
        };
        var root = new[] { Path.Combine(folder, "VOCdevkit", "VOC2012"), Path.Combine(folder, "VOC2012") }.FirstOrDefault(Directory.Exists)
            ?? folder;
        var listPath = Existing(Path.Combine(root, "ImageSets", "Segmentation", list));
        string[] names = [.. File.ReadLines(listPath).Select(line => line.Trim()).Where(line => line.Length > 0)];
        if (names.Length == 0)
            throw new InvalidDataException($"'{listPath}' is empty.");
        var samples = new FileSamples(
            [.. names.Select(name => Existing(Path.Combine(root, "JPEGImages", $"{name}.jpg")))],
            [.. names.Select(name => Existing(Path.Combine(root, "SegmentationClass", $"{name}.png")))],
            VocPalette.Read, options);
        return new SegmentationDataset(
            new SampleSet
            {
                Source = samples,
                Format = samples.Format,
                Table = (options.Normalization ?? ImageNormalization.ImageNet).Table(samples.Channels),
                IgnoreIndex = VocPalette.Void,
            },
            Names);
    }

    private static string Existing(string path) => File.Exists(path)
        ? path
        : throw new FileNotFoundException($"'{path}' is missing. Unpack the official VOCtrainval_11-May-2012.tar, whole, in the folder "
        + "above VOCdevkit.", path);
}
