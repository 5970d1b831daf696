using System.Globalization;
using Px.Bytes;

namespace Px.Pruning.Models.Data.Pipeline;

// Lists of images with their classes.
internal static class ImageListFile
{
    // Kaggle's list of ImageNet's validation images begins with a line of titles.
    private const string Titles = "ImageId,";

    // More than any data set has.
    private const int MostClasses = 1_000_000;

    // A line: an image, or null where only its class is there.
    internal sealed record Line(int Number, string? File, string Class);

    // Throws InvalidDataException if the list is empty, or only some of its lines name files.
    internal static List<Line> Read(string list)
    {
        var lines = new List<Line>();
        var number = 0;
        foreach (var text in InputFile.ReadAllLines(list).Select(line => line.Trim()))
        {
            number++;
            if (text.Length == 0 || (number == 1 && text.StartsWith(Titles, StringComparison.Ordinal)))
                continue;
            string[] parts = text.Contains('\t', StringComparison.Ordinal) ? text.Split('\t')
                : text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
            lines.Add(parts is [var file, var name, ..] ? new Line(number, file.Trim(), name.Trim()) : new Line(number, null, text));
        }

        if (lines.Count == 0)
            throw new InvalidDataException($"'{list}' is empty.");
        if (lines.Find(line => line.File is null != lines[0].File is null) is { } other)
        {
            throw new InvalidDataException($"'{list}': line {lines[0].Number} {Kind(lines[0])}, and line {other.Number} {Kind(other)}. "
                + "Either all lines are a file and its class, or all are a class alone.");
        }

        return lines;

        static string Kind(Line line) => line.File is null ? "is a class alone" : "names a file";
    }

    // The images' paths, line by line.
    // Throws FileNotFoundException if one is not there.
    // Throws InvalidDataException if a line names no file of the folder, or there are more or fewer classes than images.
    internal static List<string> Paths(string folder, string list, List<Line> lines)
    {
        if (lines[0].File is not null)
            return [.. lines.Select(line => Existing(folder, list, line))];
        var images = VisibleFiles.In(folder, ImageEndings.Of(null));
        return images.Count == lines.Count ? images
            : throw new InvalidDataException($"'{list}' has {lines.Count} classes, and '{folder}' {images.Count} images: without file "
            + "names in the list there must be as many.");
    }

    // The labels, line by line, and the classes' names.
    // Throws InvalidDataException if a class is unknown.
    internal static (int[] Labels, IReadOnlyList<string> Names) Labels(string list, List<Line> lines, ImageListOptions options)
    {
        if (AreNames(lines, options))
        {
            var names = options.ClassNames
                ?? [.. lines.Select(line => line.Class).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return (Find(list, lines, line => line.Class, names), names);
        }

        if (options.NumberedClasses is { } numbered)
        {
            var names = options.ClassNames ?? numbered;
            return (Find(list, lines, line => numbered[Index(list, line, numbered.Count, options.FirstNumber)], names), names);
        }

        int[] labels = [.. lines.Select(line => Index(list, line, options.ClassNames?.Count ?? MostClasses, options.FirstNumber))];
        return (labels, options.ClassNames ?? [.. Enumerable.Range(0, 1 + labels.Max()).Select(Text)]);
    }

    // Numbers are names where the data set's classes are called so.
    private static bool AreNames(List<Line> lines, ImageListOptions options)
    {
        if (lines.Exists(line => Number(line.Class) is null))
            return true;
        var names = options.ClassNames?.ToHashSet(StringComparer.Ordinal);
        return names is not null && options.NumberedClasses is null && lines.TrueForAll(line => names.Contains(line.Class));
    }

    private static int[] Find(string list, List<Line> lines, Func<Line, string> nameOf, IReadOnlyList<string> names)
    {
        var labels = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names)
            labels.Add(name, labels.Count);
        return [.. lines.Select(line => labels.TryGetValue(nameOf(line), out var label) ? label : throw new InvalidDataException(
            $"'{list}', line {line.Number}: there is no class '{nameOf(line)}' among the {names.Count}."))];
    }

    // Which of the numbered classes a line has.
    private static int Index(string list, Line line, int count, int first)
    {
        var index = Number(line.Class)!.Value - first;
        return index >= 0 && index < count ? index : throw new InvalidDataException(
            $"'{list}', line {line.Number}: there is no class {line.Class}, only {first} to {first + count - 1}. If the list counts from "
            + $"1, set {nameof(ImageListOptions)}.{nameof(ImageListOptions.FirstNumber)} = 1.");
    }

    private static string Existing(string folder, string list, Line line)
    {
        var file = line.File!;
        if (file != Path.GetFileName(file) || file is "" or "." or "..")
            throw new InvalidDataException($"'{list}', line {line.Number}: '{file}' is no file name; all images lie in one folder.");
        var path = Path.Combine(folder, file);
        if (System.IO.File.Exists(path))
            return path;
        // Kaggle's list leaves the ending out.
        return ImageEndings.Of(null).Append(".JPEG").Select(ending => path + ending).FirstOrDefault(System.IO.File.Exists)
            ?? throw new FileNotFoundException($"'{path}' is missing; line {line.Number} of '{list}' names it.", path);
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
