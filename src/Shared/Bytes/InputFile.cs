namespace Px.Bytes;

// Opens what is read. Whatever keeps it from being opened is an IOException: the system reports a folder in a file's place, and a file that
// may not be read, as an UnauthorizedAccessException, which is none.
internal static class InputFile
{
    // A file whose length is known, and whose bytes can be read in any order.
    internal static FileStream Open(string path)
    {
        var stream = OpenAny(path);
        if (stream.CanSeek) return stream;
        stream.Dispose();
        throw new IOException($"'{path}' is a pipe or a device, which has no length. Copy it to a file first.");
    }

    // A file, or a pipe that is read in order.
    internal static FileStream OpenAny(string path) => Try(path, () => File.OpenRead(path));

    internal static byte[] ReadAllBytes(string path) => Try(path, () => File.ReadAllBytes(path));

    internal static string[] ReadAllLines(string path) => Try(path, () => File.ReadAllLines(path));

    // What open returns. path: the file or folder, for the message.
    internal static T Try<T>(string path, Func<T> open)
    {
        try
        {
            return open();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"'{path}' cannot be read: {e.Message}", e);
        }
    }
}
