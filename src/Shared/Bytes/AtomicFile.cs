namespace Px.Bytes;

// Writes files that exist completely or not at all.
internal static class AtomicFile
{
    // An existing file is replaced once the new one is complete.
    internal static void Write(string path, Action<Stream> write)
    {
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            using (var stream = File.Create(partial)) write(stream);
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
