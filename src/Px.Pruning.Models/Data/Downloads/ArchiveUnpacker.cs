using System.Formats.Tar;
using System.IO.Compression;

namespace Px.Pruning.Models.Data.Downloads;

// Unpacks .zip, .tar and .tar.gz with nothing outside the target, no links, and no more bytes than allowed.
internal static class ArchiveUnpacker
{
    // Unpacks an archive that holds one folder; that folder appears in the target when it is whole.
    // Throws InvalidDataException if the archive is damaged, or holds something else, or a name that leads outside, a link, or too much.
    // Throws IOException or UnauthorizedAccessException if the target cannot be written. Throws no other, whatever the archive is.
    internal static void Unpack(string archive, string target, string inner, long maximum, CancellationToken token)
    {
        var partial = Path.GetFullPath(Path.Combine(target, Leftovers.NewUnpacking(inner)));
        var (budget, buffer) = (new UnpackBudget(archive, maximum), new byte[1 << 16]);
        string? first = null;
        try
        {
            foreach (var (name, content) in Path.GetExtension(archive) == ".zip" ? ZipEntries(archive) : TarEntries(archive, budget))
            {
                token.ThrowIfCancellationRequested();
                budget.Take(UnpackBudget.Entry, name);
                if (content is null)
                    continue;
                var path = PathOf(archive, partial, name);
                first ??= path;
                Write(path, name, content, buffer, budget, token);
            }

            if (!Directory.Exists(Path.Combine(partial, inner)))
                throw new InvalidDataException($"'{archive}' has no folder '{inner}'.");
            if (!File.Exists(first))
                throw new IOException($"Another process removed '{partial}'.");
            Directory.Move(Path.Combine(partial, inner), Path.Combine(target, inner));
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw new InvalidDataException($"'{archive}' is damaged, truncated, or of a kind that is not unpacked: "
                + PlainName.Printable(e.Message), e);
        }
        finally
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
        }
    }

    // Anything that a reader of archives throws when it meets something unexpected, and what only a name can be the reason of.
    private static bool IsDamage(Exception e) => e is EndOfStreamException or PathTooLongException
        || e is not (InvalidDataException or IOException or UnauthorizedAccessException or OperationCanceledException
            or OutOfMemoryException);

    private static string PathOf(string archive, string root, string name)
    {
        var path = name.Contains('\0', StringComparison.Ordinal) ? root : Path.GetFullPath(Path.Combine(root, name));
        if (!path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) || name.Contains('\\', StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{archive}' has an entry '{PlainName.Printable(name)}', which leads outside: it is not "
                + "unpacked.");
        }

        var taken = path.EndsWith(Path.DirectorySeparatorChar) || Path.Exists(path);
        for (var parent = Path.GetDirectoryName(path)!; !taken && parent.Length > root.Length && !Directory.Exists(parent);)
            (taken, parent) = (File.Exists(parent), Path.GetDirectoryName(parent)!);
        return taken
            ? throw new InvalidDataException($"'{archive}' has an entry '{PlainName.Printable(name)}' where another one is, or a folder.")
            : path;
    }

    private static void Write(string path, string name, Stream content, byte[] buffer, UnpackBudget budget, CancellationToken token)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        for (int count; (count = content.Read(buffer)) > 0;)
        {
            token.ThrowIfCancellationRequested();
            budget.Take(count, name);
            file.Write(buffer, 0, count);
        }
    }

    // Names of files with what is in them; of folders, with null.
    private static IEnumerable<(string Name, Stream? Content)> ZipEntries(string archive)
    {
        using var zip = ZipFile.OpenRead(archive);
        foreach (var entry in zip.Entries.Where(entry => !entry.FullName.EndsWith('/')))
        {
            using var content = entry.Open();
            yield return (entry.FullName, content);
        }
    }

    private static IEnumerable<(string Name, Stream? Content)> TarEntries(string archive, UnpackBudget budget)
    {
        using var file = File.OpenRead(archive);
        using var stream = Path.GetExtension(archive) == ".gz" ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var tar = new TarReader(new TarHeaderGuard(stream, budget));
        while (tar.GetNextEntry() is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                    yield return (entry.Name, entry.DataStream ?? Stream.Null);
                    break;
                case TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes:
                    yield return (entry.Name, null);
                    break;
                default:
                    throw new InvalidDataException($"'{archive}' has an entry '{PlainName.Printable(entry.Name)}' of type "
                        + $"{entry.EntryType}; only files and folders are unpacked.");
            }
        }
    }
}
