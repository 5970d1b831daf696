namespace Px.Pruning.Models.Data.Pipeline;

// Files that are decoded each time; their bytes stay in memory where that is asked for.
internal sealed class ImageFiles
{
    private readonly IReadOnlyList<string> _paths;
    private readonly ImageDecoder _decoder;
    private readonly byte[]?[]? _kept;

    public ImageFiles(IReadOnlyList<string> paths, ImageFileOptions options) =>
        (_paths, _decoder, _kept) = (paths, options.Decoder, options.KeepFiles ? new byte[paths.Count][] : null);

    public int Count => _paths.Count;

    public string Path(int index) => _paths[index];

    // Throws InvalidDataException if the decoder threw, or returned nothing; the message names the file.
    public DecodedImage Decode(int index)
    {
        using var stream = Open(index);
        try
        {
            return _decoder(stream) ?? throw new InvalidDataException("the decoder returned null.");
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            throw new InvalidDataException($"'{_paths[index]}' cannot be decoded: {e.Message}", e);
        }
    }

    private Stream Open(int index)
    {
        if (_kept is null)
            return File.OpenRead(_paths[index]);
        // Two threads may read the same file at first; either's bytes will do.
        var bytes = Volatile.Read(ref _kept[index]) ?? File.ReadAllBytes(_paths[index]);
        Volatile.Write(ref _kept[index], bytes);
        return new MemoryStream(bytes, writable: false);
    }
}
