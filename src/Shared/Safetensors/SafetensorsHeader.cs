namespace Px.Safetensors;

/// <summary>What a safetensors file says about itself, checked: everything but the tensors' bytes.</summary>
/// <remarks>
/// Layout of a file: 8 bytes, the header's length N, little-endian; N bytes of JSON, padded with spaces; then the tensors' bytes,
/// little-endian, row-major, one after another without gaps.
/// Source: <see href="https://github.com/huggingface/safetensors#format"/>.
/// </remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>The longest header that is read or written, as in the reference implementation: 100 MB.</summary>
    public const int MaximumLength = 100_000_000;

    /// <summary>The number of dimensions that a tensor may have: libtorch has no more.</summary>
    public const int MaximumDimensions = 64;

    /// <summary>The one name that no tensor can have.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>The tensors in the order of their bytes: the first begins at 0, each other where the one before it ends.</summary>
    public required IReadOnlyList<SafetensorsEntry> Entries { get; init; }

    /// <summary>The file's free text by name; empty when it has none.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>The offset of the data section in the file: 8 + N.</summary>
    public required long DataStart { get; init; }
}
