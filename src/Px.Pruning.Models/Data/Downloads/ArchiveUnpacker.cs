using System.Formats.Tar;
using System.IO.Compression;

namespace Px.Pruning.Models.Data.Downloads;

// Unpacks .zip, .tar and .tar.gz with nothing outside the target, no links, and no more bytes than allowed.
internal static class ArchiveUnpacker
{
    // Unpacks an archive that holds one folder; that folder appears in the target when it is whole.
    // Throws InvalidDataException if the archive is damaged, or holds something else, or a name that leads outside, a link, or too much.
    internal static void Unpack(string archive, string target, string inner, long maximum, CancellationToken token)
    {
        var partial = Path.Combine(target, $"{inner}.{Guid.NewGuid():N}.partial");
        try
        {
            foreach (var (name, content) in Path.GetExtension(archive) == ".zip" ? ZipEntries(archive) : TarEntries(archive))
            {
                token.ThrowIfCancellationRequested();
                maximum -= Write(archive, partial, name, content, maximum, token);
            }

            if (!Directory.Exists(Path.Combine(partial, inner)))
                throw new InvalidDataException($"'{archive}' has no folder '{inner}'.");
            Directory.Move(Path.Combine(partial, inner), Path.Combine(target, inner));
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"'{archive}' is truncated.", e);
        }
        finally
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
        }
    }

    private static long Write(string archive, string root, string name, Stream content, long maximum, CancellationToken token)
    {
        var path = Path.GetFullPath(Path.Combine(root, name));
        if (!path.StartsWith(Path.GetFullPath(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            || name.Contains('\\', StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{archive}' has an entry '{name}', which leads outside: it is not unpacked.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        var (buffer, written) = (new byte[1 << 16], 0L);
        for (int count; (count = content.Read(buffer)) > 0;)
        {
            token.ThrowIfCancellationRequested();
            written += count;
            if (written > maximum)
                throw new InvalidDataException($"'{archive}' unpacks to more than it should: it stopped in '{name}'.");
            file.Write(buffer, 0, count);
        }

        return written;
    }

    private static IEnumerable<(string Name, Stream Content)> ZipEntries(string archive)
    {
        using var zip = ZipFile.OpenRead(archive);
        foreach (var entry in zip.Entries.Where(entry => !entry.FullName.EndsWith('/')))
        {
            using var content = entry.Open();
            yield return (entry.FullName, content);
        }
    }

    private static IEnumerable<(string Name, Stream Content)> TarEntries(string archive)
    {
        using var file = File.OpenRead(archive);
        using var stream = Path.GetExtension(archive) == ".gz" ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var tar = new TarReader(stream);
        while (tar.GetNextEntry() is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                    yield return (entry.Name, entry.DataStream ?? Stream.Null);
                    break;
                case TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    throw new InvalidDataException($"'{archive}' has an entry '{entry.Name}' of type {entry.EntryType}; only files and "
                        + "folders are unpacked.");
            }
        }
    }
}
