using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>Turns what went wrong in libtorch into the exception that TorchSharp throws.</summary>
internal static class NativeError
{
    /// <summary>This thread's last native error. Call it at once: the next one overwrites it.</summary>
    internal static ExternalException Last() =>
        new(Marshal.PtrToStringUTF8(NativeMethods.px_last_error()) is { Length: > 0 } message ? message : "libtorch failed without a message");

    /// <summary>For functions that return a negative number on failure.</summary>
    internal static int Check(int result) => result >= 0 ? result : throw Last();

    /// <inheritdoc cref="Check(int)"/>
    internal static long Check(long result) => result >= 0 ? result : throw Last();

    /// <summary>For functions that return null on failure.</summary>
    internal static IntPtr Check(IntPtr result) => result != IntPtr.Zero ? result : throw Last();
}
