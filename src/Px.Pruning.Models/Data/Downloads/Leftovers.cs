namespace Px.Pruning.Models.Data.Downloads;

// What killed processes left in the folder of a data set. Who holds the folder's lock knows that nobody is at work on it.
internal sealed class Leftovers(DatasetArchive archive, string folder)
{
    private const string Ending = ".partial";

    // Folders that were being unpacked to.
    private IEnumerable<string> Unpackings =>
        archive.UnpacksTo is { } inner ? Directory.EnumerateDirectories(folder, "*" + Ending).Where(path => IsUnpacking(path, inner)) : [];

    // Parts of files, which nobody goes on with once the data set is there.
    private IEnumerable<string> Parts => archive.Files.Select(file => Path.Combine(folder, file.Name))
        .SelectMany(path => (string[])[FileDownload.PartialOf(path), FileDownload.VersionOf(path)]).Where(File.Exists);

    // A name that no other unpacking has.
    internal static string NewUnpacking(string inner) => $"{inner}.{Guid.NewGuid():N}{Ending}";

    // For a data set that is whole. Takes the lock; does nothing if another process has it.
    internal void RemoveAll() => Try(() =>
    {
        if (!Unpackings.Concat(Parts).Any())
            return;
        using var held = FolderLock.TryTake(folder);
        if (held is null)
            return;
        RemoveUnpackings();
        foreach (var part in Parts)
            File.Delete(part);
    });

    // Under the lock.
    internal void RemoveUnpackings() => Try(() =>
    {
        foreach (var path in Unpackings.ToList())
        {
            // Another name first: where locks do not work, who is still unpacking finds nothing of it, instead of a part.
            var doomed = Path.Combine(folder, NewUnpacking(archive.UnpacksTo!));
            Directory.Move(path, doomed);
            Directory.Delete(doomed, recursive: true);
        }
    });

    private static bool IsUnpacking(string path, string inner)
    {
        var name = Path.GetFileName(path.AsSpan());
        return name.Length == NewUnpacking(inner).Length && name.StartsWith(inner + ".", StringComparison.Ordinal)
            && Guid.TryParseExact(name[(inner.Length + 1)..^Ending.Length], "N", out _);
    }

    // What cannot be removed, in a cache that one may only read, does no harm.
    private static void Try(Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
