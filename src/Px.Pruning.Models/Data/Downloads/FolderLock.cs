namespace Px.Pruning.Models.Data.Downloads;

// A folder that one process at a time works in: an open file, which the system closes when a process dies.
internal static class FolderLock
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Waits until the folder is free.
    internal static async Task<IDisposable> TakeAsync(string folder, CancellationToken token)
    {
        var path = Path.Combine(folder, ".lock");
        while (true)
        {
            token.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.GetType() == typeof(IOException) && File.Exists(path))
            {
                await Task.Delay(Pause, token).ConfigureAwait(false);
            }
        }
    }
}
