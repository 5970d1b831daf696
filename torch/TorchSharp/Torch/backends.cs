using TorchSharp.Native;

using static TorchSharp.Native.NativeError;

namespace TorchSharp;

public static partial class torch
{
    public static partial class backends
    {
        public static partial class cuda
        {
            public static partial class matmul
            {
                public static bool allow_tf32
                {
                    get => Check(NativeMethods.px_allow_tf32(0)) != 0;
                    set => Check(NativeMethods.px_set_allow_tf32(0, value ? 1 : 0));
                }
            }
        }

        public static partial class cudnn
        {
            public static bool allow_tf32
            {
                get => Check(NativeMethods.px_allow_tf32(1)) != 0;
                set => Check(NativeMethods.px_set_allow_tf32(1, value ? 1 : 0));
            }
        }
    }
}
