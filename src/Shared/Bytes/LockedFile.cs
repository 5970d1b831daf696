namespace Px.Bytes;

// Tells a file that somebody has locked, which is worth waiting for, from one that cannot be opened for another reason.
internal static class LockedFile
{
    // e: what opening a file threw. Its code is the system's: EWOULDBLOCK, or a violation of sharing or of a lock.
    internal static bool IsLocked(IOException e) => OperatingSystem.IsWindows()
        ? (e.HResult & 0xFFFF) is 32 or 33
        : e.HResult == (OperatingSystem.IsLinux() ? 11 : 35);
}
