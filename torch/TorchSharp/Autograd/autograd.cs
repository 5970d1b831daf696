using TorchSharp.Native;

using static TorchSharp.Native.NativeError;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Derivatives along the recorded graph. Unlike in TorchSharp up to 0.107, an error in <see cref="grad"/> is an exception.</summary>
    public static partial class autograd
    {
        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static unsafe void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            var retain = retain_graph is { } given ? (given ? 1 : 0) : -1;
            fixed (IntPtr* roots = HandlesOf(tensors), gradients = HandlesOf(grad_tensors), leaves = HandlesOf(inputs))
                Check(NativeMethods.px_backward(roots, tensors.Count, gradients, grad_tensors?.Count ?? 0, retain, create_graph ? 1 : 0, leaves, inputs?.Count ?? 0));
            GC.KeepAlive(tensors);
            GC.KeepAlive(grad_tensors);
            GC.KeepAlive(inputs);
        }

        /// <summary>One gradient an input; an input that was not used gets an invalid tensor where <paramref name="allow_unused"/> lets it.</summary>
        public static unsafe IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var results = new IntPtr[inputs.Count];
            fixed (IntPtr* roots = HandlesOf(outputs), leaves = HandlesOf(inputs), gradients = HandlesOf(grad_outputs), found = results)
            {
                Check(NativeMethods.px_grad(
                    roots, outputs.Count, leaves, inputs.Count, gradients, grad_outputs?.Count ?? 0, retain_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, found));
            }
            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(grad_outputs);
            return [.. results.Select(result => new Tensor(result))];
        }

        private static IntPtr[] HandlesOf(IList<Tensor>? tensors) => tensors is null ? [] : [.. tensors.Select(tensor => tensor?.Handle ?? IntPtr.Zero)];
    }
}
