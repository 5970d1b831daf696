using TorchSharp.Native;

using static TorchSharp.Native.NativeError;

namespace TorchSharp;

public static partial class torch
{
    public static partial class cuda
    {
        public static bool is_available() => Check(NativeMethods.px_cuda_is_available()) != 0;

        public static bool is_cudnn_available() => Check(NativeMethods.px_cuda_cudnn_is_available()) != 0;

        public static int device_count() => Check(NativeMethods.px_cuda_device_count());

        public static void manual_seed(long seed) => Check(NativeMethods.px_cuda_manual_seed((ulong)seed, 0));

        public static void manual_seed_all(long seed) => Check(NativeMethods.px_cuda_manual_seed((ulong)seed, 1));

        /// <summary>Waits for everything queued on the device; by default, the current one. Without CUDA there is nothing to wait for.</summary>
        public static void synchronize(Device? device = null)
        {
            if (is_available()) Check(NativeMethods.px_cuda_synchronize(device?.index ?? -1));
        }
    }
}
