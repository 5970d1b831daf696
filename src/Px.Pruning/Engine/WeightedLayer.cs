using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// A convolution, transposed convolution or linear layer as a linear operator whose weight can be substituted.
internal sealed class WeightedLayer
{
    private readonly nn.Module<Tensor, Tensor> module;

    private WeightedLayer(string name, nn.Module<Tensor, Tensor> module, int sampleDimensions) =>
        (Name, this.module, SampleDimensions) = (name, module, sampleDimensions);

    internal string Name { get; }

    // Dimensions of one sample: 3 for [C, H, W]. An input with as many has no batch dimension.
    internal int SampleDimensions { get; }

    // The weight slot this layer reads; two layers that share a parameter share the slot.
    internal WeightSlot Slot { get; set; } = null!;

    internal nn.Module Module => module;

    internal string Type => module.GetType().Name;

    // Whether the weight is laid out [in, out / groups, …] instead of [out, in / groups, …].
    internal bool Transposed => module is Convolution { transposed: true };

    internal long Groups => module is Convolution convolution ? convolution.groups : 1;

    // Whether zeros are put around the input, so that a constant input makes no constant output.
    internal bool PadsWithZeros => module is Convolution { padding_mode: PaddingModes.Zeros or PaddingModes.Constant } c
        && (c.padding_type == Padding.Same ? c.kernel_size.Any(size => size > 1) : c.padding?.Any(side => side != 0) == true);

    // How often each weight was used for one sample in the probe, over all calls of this layer; 0 for a layer that nothing called.
    internal long Positions { get; private set; }

    // Looked up anew each time, since Module.to replaces it.
    internal Parameter Weight => module switch
    {
        Convolution convolution => convolution.weight,
        Linear linear => linear.weight,
        _ => throw new InvalidOperationException($"{Name} is a {Type}, which has no weight to substitute."),
    };

    internal Parameter? Bias => module is Convolution convolution ? convolution.bias : ((Linear)module).bias;

    internal static WeightedLayer? TryCreate(string name, nn.Module module) => module switch
    {
        Convolution convolution => new(name, convolution, convolution.kernel_size.Length + 1),
        Linear linear => new(name, linear, 1),
        _ => null,
    };

    // The layer's own operator with other weights, in the dtype of input, and with another number of groups for weights of another shape.
    internal Tensor Apply(Tensor input, Tensor weight, Tensor? bias, long? groups = null) => module switch
    {
        Convolution { transposed: true } convolution => Transpose(convolution, input, weight, bias, groups ?? Groups),
        Convolution convolution => Convolve(convolution, input, weight, bias, groups ?? Groups),
        _ => nn.functional.linear(input, weight, bias),
    };

    // The shape of the layer's output, from an empty batch, so that nothing is computed.
    internal long[] OutputShape(Tensor input)
    {
        using var scope = NewDisposeScope();
        bool isBatch = input.dim() > SampleDimensions;
        var empty = (isBatch ? input : input.unsqueeze(0)).narrow(0, 0, 0).to(Weight.dtype);
        long[] shape = Apply(empty, Weight.detach(), null).shape;
        return isBatch ? [input.size(0), .. shape[1..]] : shape[1..];
    }

    internal void ForgetUses() => Positions = 0;

    // Counts the positions of one call.
    internal void Observe(Tensor input, Tensor output)
    {
        long[] inShape = input.shape, outShape = output.shape;
        var positions = module is Linear
            ? outShape[..^1].Skip(outShape.Length > 1 ? 1 : 0)
            : (Transposed ? inShape : outShape)[^(SampleDimensions - 1)..];
        Positions += positions.Aggregate(1L, (product, size) => product * size);
    }

    private static Tensor Convolve(Convolution c, Tensor x, Tensor w, Tensor? b, long groups)
    {
        int dimensions = c.kernel_size.Length;
        long[] padding = c.padding ?? new long[dimensions];
        bool same = c.padding_type == Padding.Same;
        if (c.padding_mode is not (PaddingModes.Zeros or PaddingModes.Constant))
        {
            using var padded = nn.functional.pad(x, BorderWidths(c, padding, same), c.padding_mode);
            return Convolve(dimensions, padded, w, b, c.stride, new long[dimensions], c.dilation, groups);
        }

        if (!same) return Convolve(dimensions, x, w, b, c.stride, padding, c.dilation, groups);
        return dimensions switch
        {
            1 => nn.functional.conv1d_padding(x, w, b, c.stride[0], Padding.Same, c.dilation[0], groups),
            2 => nn.functional.conv2d_padding(x, w, b, c.stride, Padding.Same, c.dilation, groups),
            _ => nn.functional.conv3d_padding(x, w, b, c.stride, Padding.Same, c.dilation, groups),
        };
    }

    private static Tensor Convolve(
        int dimensions, Tensor x, Tensor w, Tensor? b, long[] stride, long[] padding, long[] dilation, long groups) => dimensions switch
    {
        1 => nn.functional.conv1d(x, w, b, stride[0], padding[0], dilation[0], groups),
        2 => nn.functional.conv2d(x, w, b, stride, padding, dilation, groups),
        _ => nn.functional.conv3d(x, w, b, stride, padding, dilation, groups),
    };

    private static Tensor Transpose(Convolution c, Tensor x, Tensor w, Tensor? b, long groups)
    {
        long[] padding = c.padding ?? new long[c.kernel_size.Length];
        return c.kernel_size.Length switch
        {
            1 => nn.functional.conv_transpose1d(x, w, b, c.stride[0], padding[0], c.output_padding[0], c.dilation[0], groups),
            2 => nn.functional.conv_transpose2d(x, w, b, c.stride, padding, c.output_padding, c.dilation, groups),
            _ => nn.functional.conv_transpose3d(x, w, b, c.stride, padding, c.output_padding, c.dilation, groups),
        };
    }

    // Widths for nn.functional.pad: last dimension first, before and after.
    private static long[] BorderWidths(Convolution c, long[] padding, bool same)
    {
        int dimensions = c.kernel_size.Length;
        var widths = new long[2 * dimensions];
        for (int i = 0; i < dimensions; i++)
        {
            int d = dimensions - 1 - i;
            long total = same ? c.dilation[d] * (c.kernel_size[d] - 1) : 2 * padding[d];
            widths[2 * i] = total / 2;
            widths[2 * i + 1] = total - total / 2;
        }

        return widths;
    }
}

// One weight parameter of the network, ranked or not; layers that share it read the same slot.
internal sealed class WeightSlot(int index, string name, WeightedLayer layer, bool prunable)
{
    // The position in Network.Slots; no other list of weights is indexed by number.
    internal int Index { get; } = index;

    internal string Name { get; } = name;

    internal WeightedLayer Layer { get; } = layer;

    internal bool Prunable { get; set; } = prunable;

    // The live parameter's memory, in no graph. Fresh handle.
    internal Tensor Detached() => Layer.Weight.detach();
}
