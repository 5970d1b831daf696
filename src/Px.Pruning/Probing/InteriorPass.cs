using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// A pass that finds along one axis which rows of each convolution's input are equal, for any weights. It computes no convolution: those outputs that read
/// equal rows only are equal, and become one random number in each channel and column. All others, which a border may have reached, become infinite,
/// and so does whatever the caller's code makes of them, so that a row without infinity depends on no border, however faintly. Of such rows those are
/// equal that the caller's code makes equal from random numbers.
/// </summary>
internal sealed class InteriorPass : PathEvaluation
{
    private const ulong Seed = 1;

    // Far above what rounding makes of equal numbers, far below what tells random ones apart.
    private const double Tolerance = 1e-10;

    private readonly int axis;
    private readonly List<(WeightedLayer, long[], (long, long))> calls = [];

    private InteriorPass(int axis) => this.axis = axis;

    /// <summary>Each call of a weighted layer in order: its input's shape, and the first row and the length of its longest run, which may be 0.</summary>
    /// <param name="network">Which.</param>
    /// <param name="axis">Counted from the first of a kernel, from 0.</param>
    internal static List<(WeightedLayer Layer, long[] Shape, (long Start, long Length) Run)> Run(Network network, int axis)
    {
        using var generator = new Generator(Seed);
        var pass = new InteriorPass(axis)
        {
            Weight = (slot, _) => Draw(network.Slots[slot].Layer.Weight.shape),
            OwnsWeights = true,
            Scale = (norm, dimensions) =>
            {
                // It may differ wherever the layer's own may: a layer norm has one for each position.
                using var scale = norm.SquaredScale(null, dimensions);
                return Draw(scale.shape);
            },
            Draw = Draw,
        };
        using var output = network.Run(pass, ones([1, .. network.SampleShape!], ScalarType.Float64, network.Device));
        return pass.calls;

        Tensor Draw(long[] shape)
        {
            using var drawn = empty(shape, ScalarType.Float64).uniform_(0.5, 1.5, generator);
            return drawn.to(network.Device);
        }
    }

    /// <summary>Positive random numbers. Fresh.</summary>
    private Func<long[], Tensor> Draw { get; init; } = null!;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Weighted is not { } layer) return base.Compute(site, input);
        if (layer.Windows.Count > axis) return Convolve(layer, input);
        calls.Add((layer, input.shape, default));
        var output = base.Compute(site, input);
        // A linear layer mixes what lies at one position. What a transposed convolution does, or one with padding of another kind, is not followed.
        return layer.SampleDimensions == 1 ? output : output.fill_(double.PositiveInfinity);
    }

    private Tensor Convolve(WeightedLayer layer, Tensor input)
    {
        using var scope = NewDisposeScope();
        var windows = layer.Windows;
        int first = (int)input.dim() - windows.Count, along = first + axis;
        var run = LongestRun(input, along);
        calls.Add((layer, input.shape, run));

        long[] shape = input.shape;
        for (int i = 0; i < windows.Count; i++) shape[first + i] = windows[i].Outputs(shape[first + i]);
        shape[first - 1] = layer.Weight.size(0);
        var output = full(shape, double.PositiveInfinity, ScalarType.Float64, input.device);
        var (start, last) = windows[axis].Inside(input.size(along), run.Start, run.Length);
        if (start <= last)
        {
            shape[along] = 1;
            output.narrow(along, start, last - start + 1).copy_(Draw(shape));
        }

        return output.MoveToOuterDisposeScope();
    }

    /// <summary>The longest run of rows without infinity that equal their neighbours.</summary>
    private static (long Start, long Length) LongestRun(Tensor input, long axis)
    {
        var rows = input.transpose(0, axis).flatten(1);
        long pairs = rows.size(0) - 1;
        if (pairs < 1) return (0, 0);
        bool[] inside = Read(rows.isfinite().all(1));
        bool[] equal = Read(rows.narrow(0, 1, pairs).isclose(rows.narrow(0, 0, pairs), Tolerance, 0).all(1));

        (long Start, long Length) longest = (0, 0);
        long start = 0;
        for (long row = 0; row < inside.Length; row++)
        {
            if (row == 0 || !inside[row - 1] || !equal[row - 1]) start = row;
            if (inside[row] && row + 1 - start > longest.Length) longest = (start, row + 1 - start);
        }

        return longest;
    }

    private static bool[] Read(Tensor flags) => flags.cpu().data<bool>().ToArray();
}
