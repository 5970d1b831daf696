using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A handle on a libtorch tensor. Freed by <see cref="Dispose()"/>, by the dispose scope that owns it, or, late, by its finalizer.
    /// </summary>
    /// <remarks>This file is the object's life; what it says of itself and what it computes stands in the files beside it.</remarks>
    public partial class Tensor : IDisposable
    {
        internal IntPtr handle;

        internal Tensor(IntPtr handle)
        {
            this.handle = handle;
            OwningDisposeScope = DisposeScopeManager.Current.Register(this);
        }

        internal DisposeScope? OwningDisposeScope { get; set; }

        /// <summary>Throws <see cref="InvalidOperationException"/> after the end of the tensor's life.</summary>
        public IntPtr Handle => handle != IntPtr.Zero ? handle : throw Invalid();

        public bool IsInvalid => handle == IntPtr.Zero;

        public void Dispose()
        {
            if (OwningDisposeScope is { } scope) scope.MarkAsDisposed(this);
            else if (handle != IntPtr.Zero) DisposeScopeManager.Current.ThreadStatistics.TensorStatistics.DisposedOutsideScopeCount++;
            Release();
        }

        ~Tensor() => Dispose(false);

        protected virtual void Dispose(bool disposing)
        {
            var native = handle;
            handle = IntPtr.Zero;
            if (native != IntPtr.Zero) NativeMethods.px_tensor_free(native);
        }

        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is { } scope) scope.MoveToOther(other, this);
            else other?.Attach(this);
            return this;
        }

        /// <summary>Frees the native tensor; the statistics are the caller's business.</summary>
        internal void Release()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Gives the native tensor away: this object is invalid from now on, as if disposed.</summary>
        internal IntPtr MoveHandle()
        {
            var native = Handle;
            handle = IntPtr.Zero;
            DisposeScopeManager.Current.Unregister(this); // the new owner registers
            GC.SuppressFinalize(this);
            return native;
        }

        private static InvalidOperationException Invalid() => new("Tensor invalid -- empty handle.");
    }
}
