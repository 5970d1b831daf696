using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// One call of a convolution on an input with a run of equal rows, equal columns or both: it convolves a smaller input and repeats outputs.
/// In exact arithmetic that is the same, and so are gradients: repeating sums the adjoints of what is equal. Owns its tensors.
/// </summary>
internal sealed class ShortenedCall : IDisposable
{
    // Gathering and repeating cost about as much as half of a small convolution, or as so many multiply-adds of a large one.
    private const double Half = 0.5, Indexing = 500_000;

    private readonly WeightedLayer layer;
    private readonly long[] shape;
    private readonly List<(long Axis, Tensor Rows, Tensor Outputs)> axes;

    private ShortenedCall(WeightedLayer layer, long[] shape, List<(long, Tensor, Tensor)> axes) => (this.layer, this.shape, this.axes) = (layer, shape, axes);

    /// <summary>The call, or null where the layer is none that can be shortened or too little would be saved.</summary>
    /// <param name="layer">What is called.</param>
    /// <param name="shape">Its input's shape.</param>
    /// <param name="device">Where it is called.</param>
    /// <param name="run">The first row of a run along each axis of the kernel, counted from 0, and its length, which may be 0.</param>
    internal static ShortenedCall? TryCreate(WeightedLayer layer, long[] shape, Device device, Func<int, (long Start, long Length)> run)
    {
        var windows = layer.Windows;
        var shortened = new List<(long Axis, long[] Rows, long[] Outputs)>();
        double share = 1, operations = layer.Weight.numel();
        for (int i = 0; i < windows.Count; i++)
        {
            int axis = shape.Length - windows.Count + i;
            operations *= windows[i].Outputs(shape[axis]);
            var (start, length) = run(i);
            if (windows[i].Shorten(shape[axis], start, length) is not var (rows, outputs)) continue;
            shortened.Add((axis, rows, outputs));
            share *= (outputs[^1] + 1.0) / outputs.Length;
        }

        if (share > Half && (1 - share) * operations < Indexing) return null;
        return new(layer, shape, shortened.ConvertAll(axis => (axis.Axis, Index(axis.Rows), Index(axis.Outputs))));

        Tensor Index(long[] indices) => tensor(indices, device: device).DetachFromDisposeScope();
    }

    /// <summary>Whether it stands for the call of this layer on this input.</summary>
    internal bool Fits(WeightedLayer layer, Tensor input) => this.layer == layer && input.shape.AsSpan().SequenceEqual(shape);

    /// <summary>The layer's output without bias. Fresh.</summary>
    internal Tensor Apply(Tensor input, Tensor weight)
    {
        using var scope = NewDisposeScope();
        foreach (var (axis, rows, _) in axes) input = input.index_select(axis, rows);
        var output = layer.Apply(input, weight, null);
        // The last axis first, while there are few rows to copy.
        foreach (var (axis, _, outputs) in Enumerable.Reverse(axes)) output = output.index_select(axis, outputs);
        return output.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var (_, rows, outputs) in axes)
        {
            rows.Dispose();
            outputs.Dispose();
        }
    }
}
