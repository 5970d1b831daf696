namespace Px.Pruning.Models.StateDicts.Zip;

// One file of a zip archive, as its directory describes it. IsDeflated: Whether it is compressed with deflate; as it is otherwise.
internal readonly record struct ZipEntry(long HeaderOffset, long StoredLength, long Length, uint Checksum, bool IsDeflated);
