using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What transposed convolutions have in common: the output padding that a wanted output size asks for.</summary>
public abstract class ConvolutionTranspose : Convolution
{
    protected ConvolutionTranspose(string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[]? padding, Padding? padding_type, long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode, Device? device = null, ScalarType? dtype = null)
        : base(name, in_channels, out_channels, kernel_size, stride, padding, padding_type, dilation, transposed, output_padding, groups, bias, OnlyZeros(padding_mode), device, dtype)
    {
    }

    public override Tensor forward(Tensor input) => forward(input, null);

    /// <summary>With spatial sizes (or all sizes) in <paramref name="output_size"/>; null takes <see cref="Convolution.output_padding"/>.</summary>
    public abstract Tensor forward(Tensor input, long[]? output_size);

    protected long[] _output_padding(Tensor input, long[]? output_size, long[] kernel_size, long[] stride, long[] padding, long[] dilation, long num_spatial_dims)
    {
        if (output_size is null) return output_padding;
        var sizes = output_size.Length > num_spatial_dims ? output_size[^(int)num_spatial_dims..] : output_size;
        if (sizes.Length != num_spatial_dims) throw new ArgumentException($"Expected {num_spatial_dims} output sizes, but got {output_size.Length}.", nameof(output_size));

        var inputs = input.shape[^sizes.Length..];
        var extra = new long[sizes.Length];
        for (var d = 0; d < extra.Length; d++)
        {
            var smallest = ((inputs[d] - 1) * stride[d]) - (2 * padding[d]) + (dilation[d] * (kernel_size[d] - 1)) + 1;
            var largest = smallest + stride[d] - 1;
            if (sizes[d] < smallest || sizes[d] > largest)
                throw new ArgumentException($"Requested an output size of {string.Join(", ", sizes)}, but valid sizes range from {smallest} to {largest}");
            extra[d] = sizes[d] - smallest;
        }
        return extra;
    }

    private static PaddingModes OnlyZeros(PaddingModes padding_mode) =>
        padding_mode == PaddingModes.Zeros ? padding_mode : throw new ArgumentException("Only PaddingModes.Zeros is supported for ConvTransposeND", nameof(padding_mode));
}
