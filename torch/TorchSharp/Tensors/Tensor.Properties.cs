using System.Runtime.InteropServices;

using TorchSharp.Native;

using static TorchSharp.Native.NativeError;

namespace TorchSharp;

public static partial class torch
{
    // What a tensor says of itself.
    public partial class Tensor
    {
        /// <summary>More dimensions than this do not exist in libtorch's kernels.</summary>
        private const int MaxDimensions = 64;

        public long Dimensions => Check(NativeMethods.px_tensor_ndim(Handle));
        public long ndim => Dimensions;
        public long dim() => Dimensions;

        public long NumberOfElements => Check(NativeMethods.px_tensor_numel(Handle));
        public long numel() => NumberOfElements;

        public long ElementSize => ElementSizeOf(dtype);
        public long element_size() => ElementSize;

        public ScalarType dtype => (ScalarType)NativeMethods.px_tensor_dtype(Handle);

        public Device device => Device.Unpack(NativeMethods.px_tensor_device(Handle));
        public DeviceType device_type => (DeviceType)(int)NativeMethods.px_tensor_device(Handle);
        public int device_index => (int)(NativeMethods.px_tensor_device(Handle) >> 32);
        public bool is_cpu() => device_type == DeviceType.CPU;
        public bool is_cuda => device_type == DeviceType.CUDA;
        public bool is_meta => device_type == DeviceType.META;
        public bool is_sparse => NativeMethods.px_tensor_is_sparse(Handle) != 0;

        public bool is_floating_point() => torch.is_floating_point(dtype);
        public bool is_complex() => torch.is_complex(dtype);
        public bool is_integral() => torch.is_integral(dtype);
        public bool is_contiguous() => Check(NativeMethods.px_tensor_is_contiguous(Handle)) != 0;

        /// <summary>A new array at each call.</summary>
        public unsafe long[] shape
        {
            get
            {
                var sizes = stackalloc long[MaxDimensions];
                var count = Check(NativeMethods.px_tensor_sizes(Handle, sizes, MaxDimensions));
                return new ReadOnlySpan<long>(sizes, count).ToArray();
            }
        }

        public long[] size() => shape;

        public unsafe long size(int dim)
        {
            var sizes = stackalloc long[MaxDimensions];
            var count = Check(NativeMethods.px_tensor_sizes(Handle, sizes, MaxDimensions));
            return sizes[Wrapped(dim, count)];
        }

        public unsafe long[] stride()
        {
            var strides = stackalloc long[MaxDimensions];
            var count = Check(NativeMethods.px_tensor_strides(Handle, strides, MaxDimensions));
            return new ReadOnlySpan<long>(strides, count).ToArray();
        }

        public unsafe long stride(int dim)
        {
            var strides = stackalloc long[MaxDimensions];
            var count = Check(NativeMethods.px_tensor_strides(Handle, strides, MaxDimensions));
            return strides[Wrapped(dim, count)];
        }

        public long storage_offset() => Check(NativeMethods.px_tensor_storage_offset(Handle));

        /// <summary>The address of the first element, on whatever device it is.</summary>
        internal IntPtr DataPointer
        {
            get
            {
                var data = NativeMethods.px_tensor_data(Handle, out var failed);
                return failed == 0 ? data : throw Last();
            }
        }

        internal static int ElementSizeOf(ScalarType type) => type switch
        {
            ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
            ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
            ScalarType.Int32 or ScalarType.Float32 => 4,
            ScalarType.Int64 or ScalarType.Float64 or ScalarType.ComplexFloat32 => 8,
            ScalarType.ComplexFloat64 => 16,
            _ => throw new NotSupportedException($"Elements of type {type} are not supported."),
        };

        private static int Wrapped(int dim, int count) =>
            dim >= -count && dim < count ? (dim < 0 ? dim + count : dim) : throw new ExternalException($"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got {dim})");
    }
}
