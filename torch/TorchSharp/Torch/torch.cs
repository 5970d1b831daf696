using TorchSharp.Native;

using static TorchSharp.Native.NativeError;

namespace TorchSharp;

/// <summary>The entry point: everything hangs off this class, as in Python.</summary>
public static partial class torch
{
    /// <summary>The version of the libtorch underneath.</summary>
    public static string __version__ => NativeMethods.Version;

    public static DisposeScope NewDisposeScope() => DisposeScopeManager.Current.NewScope();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.Current.CurrentScope;

    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using var temporaries = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }

    public static bool is_tensor(object obj) => obj is Tensor;

    public static void set_num_threads(int num) => Check(NativeMethods.px_set_num_threads(num));

    public static int get_num_threads() => Check(NativeMethods.px_num_threads());

    public static void set_num_interop_threads(int num) => Check(NativeMethods.px_set_num_interop_threads(num));

    public static int get_num_interop_threads() => Check(NativeMethods.px_num_interop_threads());
}
