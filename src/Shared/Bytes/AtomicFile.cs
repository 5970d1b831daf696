using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Px.Bytes;

// Writes files that exist completely or not at all, whenever the process is killed or the power fails.
internal static class AtomicFile
{
    private const string Ending = ".partial";

    // How long nobody may have written to a temporary file that a save takes for one of a killed process. It also must not be open: this
    // long is only for the moments between opening a file and locking it, and for file systems that do not know locks.
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    // An existing file is replaced once the new one is complete, and its mode is kept; of a symbolic link, the file that it points to.
    // Throws IOException if the file cannot be written, or is none: a pipe, a device, a folder. Then what was there is as it was.
    internal static void Write(string path, Action<Stream> write)
    {
        try
        {
            if (PlainFile.Problem(path) is { } problem)
                throw new IOException($"'{path}' {problem} What is saved replaces a file: choose another path.");
            var target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
            Replace(Path.GetFullPath(target), write);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"'{path}' cannot be written: {e.Message}", e);
        }
    }

    private static void Replace(string path, Action<Stream> write)
    {
        var folder = Path.GetDirectoryName(path)!;
        var partial = $"{path}.{Guid.NewGuid():N}{Ending}";
        try
        {
            using (var stream = Create(partial, path))
            {
                write(stream);
                // Before the rename: otherwise a power cut may leave the new name on an empty file.
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
            FlushFolder(folder);
        }
        finally
        {
            File.Delete(partial);
        }

        DeleteAbandoned(folder, Path.GetFileName(path));
    }

    // A new file with the mode of the one that it will replace. It is locked while it is open.
    private static FileStream Create(string partial, string replaced)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (OperatingSystem.IsWindows() || !File.Exists(replaced)) return new FileStream(partial, options);
        var mode = File.GetUnixFileMode(replaced);
        // From the beginning: a private file is never readable by others, not even while it is written.
        options.UnixCreateMode = mode;
        var stream = new FileStream(partial, options);
        try
        {
            // The process's umask may have taken bits away.
            if (File.GetUnixFileMode(stream.SafeFileHandle) != mode) File.SetUnixFileMode(stream.SafeFileHandle, mode);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    // Makes a rename outlast a power cut; false where that is not to be had. Windows has no such call: NTFS keeps a journal of renames.
    internal static bool FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return false;
        // .NET opens no folders. One that may be written but not read stays unflushed.
        using var handle = new SafeFileHandle(OpenFolder(folder, flags: 0), ownsHandle: true);
        if (!handle.IsInvalid) RandomAccess.FlushToDisk(handle);
        return !handle.IsInvalid;
    }

    // What killed saves of the same file have left.
    private static void DeleteAbandoned(string folder, string name)
    {
        var all = new EnumerationOptions { AttributesToSkip = FileAttributes.None };
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles($"*{Ending}", all).Where(file => IsPartialOf(name, file.Name)))
        {
            if (DateTime.UtcNow - file.LastWriteTimeUtc < Abandoned) continue;
            try
            {
                using (file.Open(FileMode.Open, FileAccess.Read, FileShare.None)) { }
                file.Delete();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is being written, or somebody else's. That is no reason to fail: the new file is there.
            }
        }
    }

    private static bool IsPartialOf(string name, string partial) =>
        partial.Length == name.Length + 1 + 32 + Ending.Length && partial.StartsWith($"{name}.", StringComparison.Ordinal)
        && Guid.TryParseExact(partial.AsSpan(name.Length + 1, 32), "N", out _);

    [DllImport("libc", EntryPoint = "open", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint OpenFolder([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
