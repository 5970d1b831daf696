using TorchSharp.Native;

using static TorchSharp.Native.NativeError;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A source of random numbers on one device.</summary>
    public class Generator : IDisposable
    {
        private IntPtr handle;

        public Generator(ulong seed = 0, Device? device = null) : this(Check(NativeMethods.px_generator_new(seed, (device ?? CPU).Packed)), device ?? CPU)
        {
        }

        private Generator(IntPtr handle, Device device)
        {
            this.handle = handle;
            this.device = device;
        }

        /// <summary>A new object on the CPU's default generator.</summary>
        public static Generator Default => new(Check(NativeMethods.px_generator_default(CPU.Packed)), CPU);

        public IntPtr Handle => handle != IntPtr.Zero ? handle : throw new ObjectDisposedException(nameof(Generator));

        public Device device { get; }

        public Generator manual_seed(long seed)
        {
            Check(NativeMethods.px_generator_set_seed(Handle, (ulong)seed));
            return this;
        }

        /// <summary>Seeds from the system's entropy; returns the seed.</summary>
        public long seed()
        {
            Check(NativeMethods.px_generator_reseed(Handle, out var seed));
            return (long)seed;
        }

        public long initial_seed()
        {
            Check(NativeMethods.px_generator_initial_seed(Handle, out var seed));
            return (long)seed;
        }

        public Tensor get_state() => new(Check(NativeMethods.px_generator_state(Handle)));

        /// <summary>A state of the wrong size or type is an exception (TorchSharp up to 0.107 ends the process).</summary>
        public void set_state(Tensor value)
        {
            Check(NativeMethods.px_generator_set_state(Handle, value.Handle));
            GC.KeepAlive(value);
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        ~Generator() => Dispose(false);

        protected virtual void Dispose(bool disposing)
        {
            var native = handle;
            handle = IntPtr.Zero;
            if (native != IntPtr.Zero) NativeMethods.px_generator_free(native);
        }
    }
}
