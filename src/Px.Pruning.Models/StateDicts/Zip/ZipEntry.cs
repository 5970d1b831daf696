namespace Px.Pruning.Models.StateDicts.Zip;

// One file of a zip archive, as its directory describes it.
// IsDeflated: whether it is compressed, by deflate; otherwise it is stored as it is.
internal readonly record struct ZipEntry(long HeaderOffset, long StoredLength, long Length, uint Checksum, bool IsDeflated);
