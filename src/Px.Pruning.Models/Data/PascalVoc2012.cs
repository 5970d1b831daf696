using Px.Bytes;
using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Loads Pascal VOC 2012, segmentation: 1,464 + 1,449 images of many sizes with twenty kinds of objects, background, and void,
/// whose files are decoded when they are wanted.</summary>
/// <remarks>
/// <para>Masks are PNG files with a palette, in which the label is the index. A decoder may return the palette's colours, or the index as
/// grey.</para>
/// <para><see cref="PascalVocSplit.AugmentedTrain"/> is the usual larger training set: the Semantic Boundaries Dataset's masks, grey PNG
/// files of indices, unpacked as <c>SegmentationClassAug</c> beside <c>SegmentationClass</c>, and a list <c>trainaug.txt</c> (or
/// <c>train_aug.txt</c>) beside <c>train.txt</c>. A line of any list is a name, or the paths of an image and its mask. An image without
/// an augmented mask takes its official one.</para>
/// <para>The paper trains with <c>new ImageFileOptions { Decoder = …, Height = 513, Width = 513 }</c> and <c>new ScaledCrop()</c>, and
/// tests with <c>Resize = 513</c> added.</para>
/// <para>Source: Everingham et al., <see href="http://host.robots.ox.ac.uk/pascal/VOC/voc2012/"/>; augmented: Hariharan et al., Semantic
/// contours from inverse detectors, ICCV 2011.</para>
/// </remarks>
/// <example><code>
/// var files = new ImageFileOptions { Decoder = Decode, Resize = 513, Height = 513, Width = 513 };
/// using var data = PascalVoc2012.Load("VOCdevkit/VOC2012", PascalVocSplit.AugmentedTrain, files);
/// </code></example>
public static class PascalVoc2012
{
    private static readonly string[] Names =
    [
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
        "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ];

    private const string Official = "Unpack the official VOCtrainval_11-May-2012.tar, whole, in the folder above VOCdevkit.";

    private const string Augmented = "The augmented set is published apart from Pascal VOC: put its masks into "
        + "VOC2012/SegmentationClassAug, and its list into VOC2012/ImageSets/Segmentation/trainaug.txt.";

    /// <summary>Finds the images that <c>ImageSets/Segmentation</c> lists in <c>JPEGImages</c>, and their masks in
    /// <c>SegmentationClass</c> or <c>SegmentationClassAug</c>.</summary>
    /// <param name="folder">The folder <c>VOC2012</c>, <c>VOCdevkit</c>, or the one that holds it.</param>
    /// <param name="split">Which list.</param>
    /// <param name="options">How files become items. The statistics are <see cref="ImageNormalization.ImageNet"/> unless it names
    /// others.</param>
    /// <exception cref="FileNotFoundException">A list, an image or a mask is not there; the message says which and where.</exception>
    /// <exception cref="IOException">One that is there cannot be read.</exception>
    /// <exception cref="InvalidDataException">The list is empty, or the first image cannot be decoded.</exception>
    public static SegmentationDataset Load(string folder, PascalVocSplit split, ImageFileOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        string[] lists = split switch
        {
            PascalVocSplit.Train => ["train.txt"],
            PascalVocSplit.Validation => ["val.txt"],
            PascalVocSplit.TrainValidation => ["trainval.txt"],
            PascalVocSplit.AugmentedTrain => ["trainaug.txt", "train_aug.txt"],
            _ => throw new ArgumentOutOfRangeException(nameof(split), split, "There is no such split."),
        };
        var root = new[] { Path.Combine(folder, "VOCdevkit", "VOC2012"), Path.Combine(folder, "VOC2012") }.FirstOrDefault(Directory.Exists)
            ?? folder;
        var (masks, whatToDo) = split == PascalVocSplit.AugmentedTrain
            ? ((string[])["SegmentationClassAug", "SegmentationClass"], Augmented) : (["SegmentationClass"], Official);
        var listPath = Existing([.. lists.Select(list => Path.Combine(root, "ImageSets", "Segmentation", list))], whatToDo);
        string[] names = [.. InputFile.ReadAllLines(listPath).Select(Name).Where(name => name.Length > 0)];
        if (names.Length == 0)
            throw new InvalidDataException($"'{listPath}' is empty.");
        var samples = new FileSamples(
            [.. names.Select(name => Existing([Path.Combine(root, "JPEGImages", $"{name}.jpg")], Official))],
            [.. names.Select(name => Existing([.. masks.Select(set => Path.Combine(root, set, $"{name}.png"))], whatToDo))],
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

    // A line's name: lists of the augmented set also have two paths, /JPEGImages/NAME.jpg /SegmentationClassAug/NAME.png.
    private static string Name(string line)
    {
        var first = line.Trim().Split([' ', '\t'], 2)[0];
        return first.Contains('/', StringComparison.Ordinal) ? Path.GetFileNameWithoutExtension(first) : first;
    }

    // The first of several paths that is there.
    private static string Existing(string[] paths, string whatToDo) => Array.Find(paths, File.Exists)
        ?? throw new FileNotFoundException($"'{paths[0]}' is missing. {whatToDo}", paths[0]);
}
