namespace Px.Samples.Files;

/// <summary>Files that are there whole or not at all, whenever the process is killed.</summary>
public static class WholeFile
{
    /// <summary>The pattern of what a killed process may leave beside a file: of no use to anybody.</summary>
    public const string Leftovers = "*.partial";

    /// <summary>Writes a file; one of that name is replaced, and only once the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes a file at the path that it is given, which is another one in the same folder.</param>
    public static void Write(string path, Action<string> write)
    {
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            write(partial);
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>Writes a text file.</summary>
    public static void WriteText(string path, string text) => Write(path, partial => File.WriteAllText(partial, text));
}
