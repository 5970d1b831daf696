using System.Formats.Tar;

namespace Px.Bytes;

// Tells files from what only has a name like one: folders, pipes, devices and sockets. Reading a pipe waits for ever, and a device that is
// saved over is gone.
internal static class PlainFile
{
    private const string Other = "is a pipe, a device or a socket.";

    // What is there instead of a file, of a link what it points to: "is a folder.", say. Null for a file, and where there is nothing.
    internal static string? Problem(string path)
    {
        if (Directory.Exists(path)) return "is a folder.";
        // What has a length is a file. Of the rest .NET tells the kind only in a tar.
        if (OperatingSystem.IsWindows() || Target(path) is not { Exists: true, Length: 0 } empty) return null;
        try
        {
            using var bytes = new MemoryStream();
            using (var tar = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true)) tar.WriteEntry(empty.FullName, "file");
            bytes.Position = 0;
            using var reader = new TarReader(bytes);
            return reader.GetNextEntry()!.EntryType == TarEntryType.RegularFile ? null : Other;
        }
        catch (UnauthorizedAccessException)
        {
            return null; // only a file is opened for its tar
        }
        catch (IOException e) when (LockedFile.IsLocked(e) || !File.Exists(empty.FullName))
        {
            return null; // likewise; or it is gone
        }
        catch (IOException)
        {
            return Other; // a socket has no place in a tar
        }
    }

    // Null for links that lead in a circle.
    private static FileInfo? Target(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.LinkTarget is null ? file : new(file.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
