using Px.Bytes;
using Px.Pruning.Models.Data.Pipeline;

namespace Px.Pruning.Models.Data;

/// <summary>Loads Tiny-ImageNet: 100,000 + 10,000 colour images of 64×64 in two hundred classes, as JPEG files that are decoded when they
/// are wanted.</summary>
/// <remarks>Classes come in the order of <c>wnids.txt</c>. Source: Stanford CS231n,
/// <see href="http://cs231n.stanford.edu/tiny-imagenet-200.zip"/>.</remarks>
/// <example><code>using var data = TinyImageNet.Load("tiny-imagenet-200", DatasetSplit.Train, new() { Decoder = Decode });</code></example>
public static class TinyImageNet
{
    private const string WhatToDo = "Unzip the official tiny-imagenet-200.zip there.";

    private static readonly HashSet<string> Endings = ImageEndings.Of([".JPEG"]);

    /// <summary>Finds the images of <c>train/&lt;class&gt;/images/</c>, or those that <c>val/val_annotations.txt</c> lists: the official
    /// test images have no labels.</summary>
    /// <param name="folder">The unzipped <c>tiny-imagenet-200</c>, or the folder that holds it.</param>
    /// <param name="split">Which images; <see cref="DatasetSplit.Test"/> for the validation images.</param>
    /// <param name="options">How files become items. The statistics are <see cref="ImageNormalization.TinyImageNet"/> unless it names
    /// others.</param>
    /// <exception cref="FileNotFoundException">A list or an image is not there; the message says which and where.</exception>
    /// <exception cref="IOException">One that is there cannot be read.</exception>
    /// <exception cref="InvalidDataException">A list is damaged, a class has no images, or the first image cannot be decoded.</exception>
    public static ImageDataset Load(string folder, DatasetSplit split, ImageFileOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        if (!Enum.IsDefined(split))
            throw new ArgumentOutOfRangeException(nameof(split), split, "There is no such split.");
        options.Validate();
        var inner = Path.Combine(folder, "tiny-imagenet-200");
        var root = Directory.Exists(inner) ? inner : folder;
        var classes = Lines(root, "wnids.txt").Select(line => line.Trim()).ToArray();
        var labels = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in classes)
        {
            if (!labels.TryAdd(name, labels.Count))
                throw new InvalidDataException($"'{Path.Combine(root, "wnids.txt")}' lists {name} twice.");
        }

        var images = split == DatasetSplit.Train ? Train(root, classes) : Validation(root, labels);
        var files = new FileSamples([.. images.Select(image => image.Path)], options);
        return new ImageDataset(files, [.. images.Select(image => image.Label)], classes, files.Format, options.Normalization
            ?? ImageNormalization.TinyImageNet);
    }

    private static List<(string Path, int Label)> Train(string root, string[] classes)
    {
        var images = new List<(string, int)>();
        for (var label = 0; label < classes.Length; label++)
        {
            var folder = Path.Combine(root, "train", classes[label], "images");
            var files = Directory.Exists(folder) ? VisibleFiles.In(folder, Endings) : [];
            if (files.Count == 0)
                throw new FileNotFoundException($"'{folder}' has no *.JPEG files. {WhatToDo}", folder);
            images.AddRange(files.Select(path => (path, label)));
        }

        return images;
    }

    private static List<(string Path, int Label)> Validation(string root, Dictionary<string, int> labels)
    {
        var list = Path.Combine("val", "val_annotations.txt");
        var images = new List<(string, int)>();
        foreach (var line in Lines(root, list))
        {
            // File, class, and a box around the object.
            if (line.Split('\t') is not [var file, var name, ..] || file != Path.GetFileName(file)
                || !labels.TryGetValue(name, out var label))
            {
                throw new InvalidDataException($"'{Path.Combine(root, list)}': the line '{line}' does not name a file and a class of "
                    + "wnids.txt.");
            }

            var path = Path.Combine(root, "val", "images", file);
            if (!File.Exists(path))
                throw new FileNotFoundException($"'{path}' is missing. {WhatToDo}", path);
            images.Add((path, label));
        }

        return images;
    }

    private static string[] Lines(string root, string file)
    {
        var path = Path.Combine(root, file);
        if (!File.Exists(path))
            throw new FileNotFoundException($"'{path}' is missing. {WhatToDo}", path);
        string[] lines = [.. InputFile.ReadAllLines(path).Where(line => line.Length > 0)];
        return lines.Length > 0 ? lines : throw new InvalidDataException($"'{path}' is empty.");
    }
}
