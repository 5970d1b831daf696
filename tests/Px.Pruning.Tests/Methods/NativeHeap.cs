using System.Runtime.InteropServices;

namespace Px.Pruning.Tests.Methods;

/// <summary>How many bytes native code holds, by glibc's own books: exact, whatever other processes do, and without .NET's own heap.</summary>
internal static class NativeHeap
{
    /// <summary>Why it cannot be read here; null where it can.</summary>
    public static string? Unreadable { get; } = Try();

    /// <summary>Bytes that are allocated and not freed, in all heaps and in blocks mapped one by one.</summary>
    public static long Used
    {
        get
        {
            var books = mallinfo2();
            return (long)(books.InHeaps + books.Mapped);
        }
    }

    private static string? Try()
    {
        try
        {
            return Used > 0 ? null : "This C library's mallinfo2 counts nothing.";
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return "Only glibc from version 2.33 on counts living bytes (mallinfo2).";
        }
    }

    [DllImport("libc.so.6")]
    private static extern Books mallinfo2();

    /// <summary><c>struct mallinfo2</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Books
    {
        private readonly nuint arena, ordblks, smblks, hblks;
        public readonly nuint Mapped;
        private readonly nuint usmblks, fsmblks;
        public readonly nuint InHeaps;
        private readonly nuint fordblks, keepcost;
    }
}

/// <summary>A theory about native bytes.</summary>
internal sealed class NativeHeapTheoryAttribute : TheoryAttribute
{
    public NativeHeapTheoryAttribute() => Skip = NativeHeap.Unreadable;
}
