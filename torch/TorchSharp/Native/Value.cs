using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>One argument or result on its way across the border. Mirrors <c>px::Value</c> in <c>native/abi.h</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct Value
{
    [FieldOffset(0)] internal ValueTag Tag;
    [FieldOffset(4)] internal int Count;
    [FieldOffset(8)] internal long Integer;
    [FieldOffset(8)] internal double Number;
    [FieldOffset(8)] internal IntPtr Pointer;
}
