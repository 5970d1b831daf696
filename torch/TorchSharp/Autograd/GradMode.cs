using TorchSharp.Native;

using static TorchSharp.Native.NativeError;

namespace TorchSharp;

public static partial class torch
{
    public static bool is_grad_enabled() => NativeMethods.px_grad_mode() != 0;

    public static IDisposable no_grad() => new GradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode);

    public static bool is_inference_mode_enabled() => NativeMethods.px_inference_mode() != 0;

    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    /// <summary>A thread's gradient mode until disposed. No finalizer, as in TorchSharp: forgetting to dispose leaves the mode as it is.</summary>
    private sealed class GradMode : IDisposable
    {
        private readonly int before = NativeMethods.px_grad_mode();
        private bool over;

        internal GradMode(bool enabled) => NativeMethods.px_set_grad_mode(enabled ? 1 : 0);

        public void Dispose()
        {
            if (over) return;
            over = true;
            NativeMethods.px_set_grad_mode(before);
        }
    }

    private sealed class InferenceMode(bool enabled) : IDisposable
    {
        private IntPtr guard = Check(NativeMethods.px_inference_mode_enter(enabled ? 1 : 0));

        public void Dispose()
        {
            if (guard == IntPtr.Zero) return;
            NativeMethods.px_inference_mode_leave(guard);
            guard = IntPtr.Zero;
        }
    }
}
