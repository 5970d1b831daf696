using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Bytes;

// Where a tensor's numbers lie, by which one tensor is known that has several handles: native modules, such as Embedding and LSTM, have
// handles of their own for a parameter that they share. On other devices than the CPU the address is not told, and the handle is all.
internal readonly record struct TensorAddress(nint Address, long Numbers)
{
    internal static TensorAddress Of(Tensor tensor)
    {
        long numbers = tensor.numel();
        if (numbers == 0 || tensor.device_type != DeviceType.CPU) return new(tensor.Handle, numbers);
        using var detached = tensor.detach();
        // One number is contiguous, whatever the order of the others.
        using var first = detached.as_strided([1], [1], detached.storage_offset());
        return new(Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref MemoryMarshal.GetReference(first.bytes)), numbers);
    }
}
