namespace Px.Pruning.Models.StateDicts.Zip;

/// <summary>One file of a zip archive, as its directory describes it.</summary>
/// <param name="HeaderOffset">Where the header before its data starts, counted from the start of the archive.</param>
/// <param name="StoredLength">The bytes that it takes in the archive.</param>
/// <param name="Length">The bytes that it holds.</param>
/// <param name="Checksum">The CRC-32 of what it holds.</param>
/// <param name="IsDeflated">Whether it is compressed with deflate; as it is otherwise.</param>
internal readonly record struct ZipEntry(long HeaderOffset, long StoredLength, long Length, uint Checksum, bool IsDeflated);
