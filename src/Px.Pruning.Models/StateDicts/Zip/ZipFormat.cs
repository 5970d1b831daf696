namespace Px.Pruning.Models.StateDicts.Zip;

// The numbers of zip files that reader and writer share.
// Source: APPNOTE 6.3.10, sections 4.3 and 4.5, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
internal static class ZipFormat
{
    internal const uint LocalHeader = 0x04034B50, DirectoryHeader = 0x02014B50, DirectoryEnd = 0x06054B50, Directory64End = 0x06064B50,
        Directory64Locator = 0x07064B50;

    internal const int LocalHeaderLength = 30, DirectoryHeaderLength = 46, DirectoryEndLength = 22, Directory64EndLength = 56,
        Directory64LocatorLength = 20;

    // The extra field with 64-bit lengths and offsets, for those that say In64Bits in 32.
    internal const ushort Extra64 = 1;

    internal const uint In64Bits = uint.MaxValue;

    internal const ushort Stored = 0, Deflated = 8;
}
