using Px.Bytes;

namespace Px.Pruning.Models.Data.Pipeline;

// Files that are decoded each time; their bytes stay in memory where that is asked for.
internal sealed class ImageFiles
{
    private readonly IReadOnlyList<string> paths;
    private readonly ImageDecoder decoder;
    private readonly byte[]?[]? kept;

    internal ImageFiles(IReadOnlyList<string> paths, ImageFileOptions options) =>
        (this.paths, decoder, kept) = (paths, options.Decoder, options.KeepFiles ? new byte[paths.Count][] : null);

    internal int Count => paths.Count;

    internal string Path(int index) => paths[index];

    // Throws IOException if the file cannot be read, InvalidDataException if the decoder threw, or returned nothing; the message names it.
    internal DecodedImage Decode(int index)
    {
        using var stream = Open(index);
        try
        {
            return decoder(stream) ?? throw new InvalidDataException("the decoder returned null.");
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            throw new InvalidDataException($"'{paths[index]}' cannot be decoded: {e.Message}", e);
        }
    }

    private Stream Open(int index)
    {
        if (kept is null)
            return InputFile.Open(paths[index]);
        // Two threads may read the same file at first; either's bytes will do.
        var bytes = Volatile.Read(ref kept[index]) ?? InputFile.ReadAllBytes(paths[index]);
        Volatile.Write(ref kept[index], bytes);
        return new MemoryStream(bytes, writable: false);
    }
}
