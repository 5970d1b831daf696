namespace Px.Safetensors;

// What a safetensors file says about itself, checked: everything but the tensors' bytes. Layout of a file: 8 bytes, the header's length N,
// little-endian; N bytes of JSON, padded with spaces; then the tensors' bytes, little-endian, row-major, one after another without gaps.
// Source: https://github.com/huggingface/safetensors#format.
internal sealed class SafetensorsHeader
{
    // The longest header that is read or written, as in the reference implementation: 100 MB.
    public const int MaximumLength = 100_000_000;

    // The number of dimensions that a tensor may have: libtorch has no more.
    public const int MaximumDimensions = 64;

    // The one name that no tensor can have.
    public const string MetadataName = "__metadata__";

    // The tensors in the order of their bytes: the first begins at 0, each other where the one before it ends.
    public required IReadOnlyList<SafetensorsEntry> Entries { get; init; }

    // The file's free text by name; empty when it has none.
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    // The offset of the data section in the file: 8 + N.
    public required long DataStart { get; init; }
}
