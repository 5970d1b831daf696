namespace Px.Safetensors;

// The checked header of a safetensors file: everything except the tensors' bytes. Layout of a file: the header's length N, 8 bytes, little-
// endian; N bytes of JSON, padded with spaces; then the tensors' bytes, little-endian, row-major, one after another without gaps.
// Source: https://github.com/huggingface/safetensors#format.
internal sealed class SafetensorsHeader
{
    // As in the reference implementation.
    public const int MaximumLength = 100_000_000;

    // The limit of libtorch.
    public const int MaximumDimensions = 64;

    public const string MetadataName = "__metadata__";

    // In the order of their bytes: the first begins at 0, each other where the one before it ends.
    public required IReadOnlyList<SafetensorsEntry> Entries { get; init; }

    // The file's free text by name.
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    // The offset of the data section: 8 + N.
    public required long DataStart { get; init; }
}
