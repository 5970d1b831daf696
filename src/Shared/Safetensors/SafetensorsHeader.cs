namespace Px.Safetensors;

// The checked header of a safetensors file: everything except the tensors' bytes. Layout of a file: the header's length N, 8 bytes, little-
// endian; N bytes of JSON, padded with spaces; then the tensors' bytes, little-endian, row-major, one after another without gaps.
// Source: https://github.com/huggingface/safetensors#format.
internal sealed class SafetensorsHeader
{
    // As in the reference implementation.
    internal const int MaximumLength = 100_000_000;

    // The limit of libtorch.
    internal const int MaximumDimensions = 64;

    internal const string MetadataName = "__metadata__";

    // In the order of their bytes: the first begins at 0, each other where the one before it ends.
    internal required IReadOnlyList<SafetensorsEntry> Entries { get; init; }

    // The file's free text by name, without the checksum.
    internal required IReadOnlyDictionary<string, string> Metadata { get; init; }

    // See SafetensorsChecksum; null if the file has none.
    internal string? Checksum { get; init; }

    // The offset of the data section: 8 + N.
    internal required long DataStart { get; init; }
}
