using Px.Bytes;

namespace Px.Pruning.Models.Data.Downloads;

// A folder that one process at a time works in: an open file, which the system closes when a process dies.
internal static class FolderLock
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Waits until the folder is free. Throws IOException or UnauthorizedAccessException if it cannot be locked at all.
    internal static async Task<IDisposable> TakeAsync(string folder, CancellationToken token)
    {
        var path = PathIn(folder);
        while (true)
        {
            token.ThrowIfCancellationRequested();
            try
            {
                return Open(path);
            }
            catch (IOException e) when (LockedFile.IsLocked(e))
            {
                await Task.Delay(Pause, token).ConfigureAwait(false);
            }
        }
    }

    // Null if another process has the folder, or it cannot be written to.
    internal static IDisposable? TryTake(string folder)
    {
        try
        {
            return Open(PathIn(folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string PathIn(string folder) => Path.Combine(folder, ".lock");

    private static FileStream Open(string path) => new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
}
