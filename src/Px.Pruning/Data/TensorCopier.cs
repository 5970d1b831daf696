using static TorchSharp.torch;

namespace Px.Pruning.Data;

// Copies the caller's tensors to the model's device. Copies have their own memory, no graph, and belong to no dispose scope.
internal sealed record TensorCopier(Device Device, ScalarType Dtype)
{
    internal (Inputs Input, Tensor Target) Copy(Inputs input, Tensor target)
    {
        var inputCopy = CopyInput(input);
        try
        {
            // Losses want class indices as int64: cross_entropy refuses uint8 on the CPU.
            return (inputCopy, Copy(target, IsInteger(target.dtype) ? ScalarType.Int64 : target.dtype));
        }
        catch
        {
            inputCopy.Dispose();
            throw;
        }
    }

    internal Inputs CopyInput(Inputs input)
    {
        var copies = new List<Tensor>();
        try
        {
            foreach (var tensor in input.Tensors) copies.Add(Copy(tensor, tensor.is_floating_point() ? Dtype : tensor.dtype));
            return new Inputs(copies);
        }
        catch
        {
            foreach (var copy in copies) copy.Dispose();
            throw;
        }
    }

    // Bool is not an integer here: it cannot be a class index.
    internal static bool IsInteger(ScalarType dtype) =>
        dtype is ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64;

    private Tensor Copy(Tensor source, ScalarType dtype)
    {
        using var values = source.detach();
        using var copy = values.to(dtype, Device, copy: true);
        return copy.contiguous().DetachFromDisposeScope();
    }
}
