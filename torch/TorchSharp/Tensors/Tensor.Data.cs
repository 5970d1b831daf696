using System.Runtime.CompilerServices;

using TorchSharp.Native;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    // The elements as .NET values.
    public partial class Tensor
    {
        /// <summary>The elements in logical order; the tensor itself where it is on the CPU, a copy where it is not. T must be its exact type.</summary>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            CheckElementType<T>();
            return device_type == DeviceType.CPU ? new(this, ownsTensor: false) : new(cpu(), ownsTensor: true);
        }

        /// <summary>The one element; T must be the exact type.</summary>
        public unsafe T item<T>() where T : unmanaged
        {
            if (NumberOfElements != 1) throw new ArgumentException("Number of elements in the tensor must be 1");
            CheckElementType<T>();
            if (device_type == DeviceType.CPU)
            {
                var value = Unsafe.Read<T>((void*)DataPointer);
                GC.KeepAlive(this);
                return value;
            }
            using var here = cpu();
            return here.item<T>();
        }

        /// <summary>The one element, as libtorch's own number.</summary>
        public Scalar ToScalar() => Aten.item.CallScalar(this);

        /// <summary>The memory of a contiguous tensor on the CPU: writing to it writes to the tensor. The tensor must outlive the span.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                if (!is_contiguous()) throw new InvalidOperationException("Bytes() called on non-contiguous tensor.");
                if (device_type != DeviceType.CPU) throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
                return new Span<byte>((void*)DataPointer, checked((int)(NumberOfElements * ElementSize)));
            }
            set
            {
                if (!is_contiguous()) throw new InvalidOperationException("SetBytes() called on non-contiguous tensor.");
                var size = checked((int)(NumberOfElements * ElementSize));
                if (value.Length != size) throw new ArgumentException("Mismatched data sizes in Tensor.set_bytes().");
                if (device_type == DeviceType.CPU)
                {
                    value.CopyTo(new Span<byte>((void*)DataPointer, size));
                    return;
                }
                using var mode = no_grad();
                using var source = empty(shape, dtype);
                value.CopyTo(new Span<byte>((void*)source.DataPointer, size));
                copy_(source);
            }
        }

        private void CheckElementType<T>()
        {
            var found = dtype;
            var fits = found switch
            {
                ScalarType.Byte => typeof(T) == typeof(byte),
                ScalarType.Int8 => typeof(T) == typeof(sbyte),
                ScalarType.Int16 => typeof(T) == typeof(short),
                ScalarType.Int32 => typeof(T) == typeof(int),
                ScalarType.Int64 => typeof(T) == typeof(long),
                ScalarType.Float16 => typeof(T) == typeof(Half),
                ScalarType.Float32 => typeof(T) == typeof(float),
                ScalarType.Float64 => typeof(T) == typeof(double),
                ScalarType.Bool => typeof(T) == typeof(bool),
                _ => false,
            };
            if (!fits) throw new ArgumentException($"{typeof(T).Name} is not compatible with {found}");
        }
    }
}
