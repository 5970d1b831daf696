using System.Text;
using Px.Bytes;

namespace Px.Runner.Files;

/// <summary>Files that are there whole or not at all, whenever the process is killed.</summary>
public static class WholeFile
{
    /// <summary>The pattern of what a killed process may leave beside a file: of no use to anybody.</summary>
    public const string Leftovers = "*.partial";

    /// <summary>What is at a path instead of a file: a folder, a pipe, a device. Null for a file, and where there is nothing.</summary>
    public static string? Obstacle(string path) => PlainFile.Problem(path);

    /// <summary>Whether a file could not be opened because another process has locked it.</summary>
    public static bool IsLocked(IOException e) => LockedFile.IsLocked(e);

    /// <summary>Writes a file; one of that name is replaced, and only once the new one is complete.</summary>
    public static void Write(string path, byte[] bytes) => AtomicFile.Write(path, stream => stream.Write(bytes));

    /// <summary>Writes a text file.</summary>
    public static void WriteText(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));
}
