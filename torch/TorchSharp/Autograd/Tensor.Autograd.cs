using TorchSharp.Native;

using static TorchSharp.Native.NativeError;

namespace TorchSharp;

public static partial class torch
{
    // A tensor as part of a graph.
    public partial class Tensor
    {
        public bool is_leaf => Check(NativeMethods.px_tensor_is_leaf(Handle)) != 0;

        public bool requires_grad
        {
            get => Check(NativeMethods.px_tensor_requires_grad(Handle)) != 0;
            set => Check(NativeMethods.px_tensor_set_requires_grad(Handle, value ? 1 : 0));
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        /// <summary>Each read is a new object on the same gradient; null where there is none.</summary>
        public Tensor? grad
        {
            get => Check(NativeMethods.px_tensor_grad(Handle, out var native)) == 0 ? null : new Tensor(native);
            set => Check(NativeMethods.px_tensor_set_grad(Handle, value?.Handle ?? IntPtr.Zero));
        }

        public void retain_grad() => Check(NativeMethods.px_tensor_retain_grad(Handle));

        public void backward() => autograd.backward([this]);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        public Tensor detach() => Aten.detach.Call(this);

        public Tensor detach_() => Aten.detach_.CallInPlace(this);
    }
}
