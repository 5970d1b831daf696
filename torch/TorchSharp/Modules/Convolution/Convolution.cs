using TorchSharp.Utils;

using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>What all convolutions have in common: their geometry, weight and bias.</summary>
public abstract partial class Convolution : Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(bias))]
    protected Parameter? _bias;

    [ComponentName(Name = nameof(weight))]
    protected Parameter? _weight;

    protected long[] _reversed_padding_repeated_twice = [];

    protected Convolution(string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[]? padding, Padding? padding_type, long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode, Device? device = null, ScalarType? dtype = null) : base(name)
    {
        this.in_channels = in_channels;
        this.out_channels = out_channels;
        this.kernel_size = kernel_size;
        this.stride = stride;
        this.dilation = dilation;
        this.transposed = transposed;
        this.output_padding = output_padding;
        this.groups = groups;
        this.padding_mode = padding_mode;
        if (padding_type is { } type) SetPadding(type);
        else SetPadding(padding!);

        long[] shape = transposed ? [in_channels, out_channels / groups, .. kernel_size] : [out_channels, in_channels / groups, .. kernel_size];
        weight = empty(shape, dtype, device).AsParameter();
        if (bias) this.bias = empty([out_channels], dtype, device).AsParameter();
        reset_parameters();
    }

    public long in_channels { get; }
    public long out_channels { get; }
    public bool transposed { get; }
    public long[] kernel_size { get; set; }
    public long[] stride { get; set; }
    public long[] dilation { get; set; }
    public long[] output_padding { get; set; }
    public long groups { get; set; }
    public PaddingModes padding_mode { get; set; }
    public Padding? padding_type { get; private set; }
    public long[]? padding { get; private set; }

    /// <summary>Disposes the parameter that it replaces.</summary>
    public Parameter weight
    {
        get => _weight!;
        set
        {
            if (value.Handle != _weight?.Handle) Exchange(ref _weight, value, nameof(weight));
        }
    }

    /// <summary>Disposes the parameter that it replaces, also where it is the same.</summary>
    public Parameter? bias
    {
        get => _bias;
        set => Exchange(ref _bias, value, nameof(bias));
    }

    public void SetPadding(long[] padding)
    {
        this.padding = padding;
        padding_type = null;
        _reversed_padding_repeated_twice = [.. Enumerable.Reverse(padding).SelectMany(side => new[] { side, side })];
    }

    public void SetPadding(Padding padding)
    {
        if (padding == TorchSharp.Padding.Same && stride.Any(step => step != 1)) throw new ArgumentException("padding='same' is not supported for strided convolutions");
        this.padding = null;
        padding_type = padding;
        var totals = padding == TorchSharp.Padding.Same ? dilation.Zip(kernel_size, (step, size) => step * (size - 1)) : kernel_size.Select(_ => 0L);
        _reversed_padding_repeated_twice = [.. Enumerable.Reverse(totals).SelectMany(total => new[] { total / 2, total - (total / 2) })];
    }

    /// <summary>Weight and bias uniform in ±1/√fan_in, PyTorch's default.</summary>
    public void reset_parameters()
    {
        init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (bias is null) return;
        var (fanIn, _) = init.CalculateFanInAndFanOut(weight);
        var bound = fanIn > 0 ? 1 / Math.Sqrt(fanIn) : 0;
        init.uniform_(bias, -bound, bound);
    }

    protected bool ValidateShape(Tensor input, long dimensions)
    {
        var shape = input.shape;
        return (shape.Length == dimensions + 2 && shape[1] == in_channels) || (shape.Length == dimensions + 1 && shape[0] == in_channels);
    }

    private protected void CheckShape(Tensor input, int dimensions)
    {
        if (!ValidateShape(input, dimensions))
            throw new ArgumentException($"Expected {dimensions + 1}D (unbatched) or {dimensions + 2}D (batched) input with {in_channels} channels to {GetType().Name}.");
    }
}
