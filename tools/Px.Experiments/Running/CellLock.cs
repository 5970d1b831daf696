using System.Globalization;
using Px.Runner.Files;

namespace Px.Experiments.Running;

/// <summary>Keeps a cell to one process, on this machine and on others that share its folder.</summary>
/// <remarks>
/// The lock is the operating system's on an open file: it goes when its process does, however that ends, so that nothing stale is ever left
/// to judge by clocks or process numbers. What the file says is for people. A file system whose machines do not see each other's locks
/// (NFS without its lock service, Lustre mounted without <c>flock</c>) costs time and no results: a cell that two processes run comes out the same,
/// every file is written whole or not at all, and at worst one of the two stops with an error, because the other tidied up.
/// </remarks>
public sealed class CellLock : IDisposable
{
    private readonly FileStream file;

    private CellLock(FileStream file) => this.file = file;

    /// <summary>Takes a lock; null where another process has it.</summary>
    /// <param name="path">The lock's file, in a folder that exists.</param>
    /// <exception cref="IOException">The file cannot be opened, whoever has it.</exception>
    public static CellLock? TryTake(string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (WholeFile.IsLocked(e))
        {
            return null;
        }

        file.SetLength(0);
        using var writer = new StreamWriter(file, leaveOpen: true);
        writer.Write(string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName} since {DateTime.UtcNow:s}Z\n"));
        return new CellLock(file);
    }

    /// <summary>Gives the lock back and removes its file. Only of a cell that is finished: whoever got at the file meanwhile looks again, and sees that.</summary>
    public void Remove()
    {
        var path = file.Name;
        Dispose();
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // On Windows, while another process looks at it; that one removes it.
        }
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => file.Dispose();
}
