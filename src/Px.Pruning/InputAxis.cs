using static TorchSharp.torch;

namespace Px.Pruning;

// Where the inputs of an output unit lie in a layer's weight: PerUnit of them along one dimension. That of a transposed convolution has
// the inputs of each of its groups, one group after the other.
internal readonly record struct InputAxis(int Dimension, long PerUnit)
{
    // Of a weight [out, in / groups, …], transposed [in, out / groups, …].
    internal static InputAxis Of(long[] shape, bool transposed, long groups) =>
        transposed ? new(0, shape[0] / groups) : new(1, shape[1]);

    // A tensor in the weight's shape as [rows, PerUnit], contiguous: a row for each output unit and kernel tap. In the current dispose
    // scope. The tensor is not empty.
    internal Tensor ToRows(Tensor whole) => whole.movedim([Dimension], [-1]).reshape(-1, PerUnit).contiguous();

    // The inverse, for a weight of a shape.
    internal Tensor FromRows(Tensor rows, long[] shape)
    {
        var moved = shape.ToList();
        moved.RemoveAt(Dimension);
        return rows.reshape([.. moved, shape[Dimension]]).movedim([-1], [Dimension]).contiguous();
    }
}
