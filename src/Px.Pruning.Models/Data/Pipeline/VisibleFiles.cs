using Px.Bytes;

namespace Px.Pruning.Models.Data.Pipeline;

// Lists folders without hidden entries: names with a leading dot (.ipynb_checkpoints, and the ._ files of macOS), and what Windows marks
// as hidden. Orders are ordinal. Throws IOException where a folder cannot be read.
internal static class VisibleFiles
{
    private static readonly EnumerationOptions NotHidden = new() { AttributesToSkip = FileAttributes.Hidden, IgnoreInaccessible = false };

    // The names of the sub-folders.
    internal static string[] FolderNames(string folder) =>
        [.. InputFile.Try(folder, () => Directory.GetDirectories(folder, "*", NotHidden)).Select(path => Path.GetFileName(path))
            .Where(HasNoDot).Order(StringComparer.Ordinal)];

    // The paths of files in the folder itself with one of the endings.
    internal static List<string> In(string folder, HashSet<string> endings) => [.. Files(folder, endings).Order(StringComparer.Ordinal)];

    // The same for the folder and those below it.
    internal static List<string> Below(string folder, HashSet<string> endings)
    {
        var (found, folders) = (new List<string>(), new Stack<string>([folder]));
        while (folders.TryPop(out var next))
        {
            found.AddRange(Files(next, endings));
            foreach (var name in FolderNames(next))
                folders.Push(Path.Combine(next, name));
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    private static IEnumerable<string> Files(string folder, HashSet<string> endings) =>
        InputFile.Try(folder, () => Directory.GetFiles(folder, "*", NotHidden))
            .Where(path => HasNoDot(Path.GetFileName(path)) && endings.Contains(Path.GetExtension(path)));

    private static bool HasNoDot(string name) => !name.StartsWith('.');
}
