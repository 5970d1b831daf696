using TorchSharp.Utils;

using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

public sealed class LayerNorm : Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(bias))]
    private Parameter? _bias;

    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;

    internal LayerNorm(long[] normalized_shape, double eps, bool elementwise_affine, bool bias, Device? device, ScalarType? dtype) : base(nameof(LayerNorm))
    {
        this.normalized_shape = normalized_shape;
        this.eps = eps;
        this.elementwise_affine = elementwise_affine;
        if (!elementwise_affine) return;
        weight = ones(normalized_shape, dtype, device).AsParameter();
        if (bias) this.bias = zeros(normalized_shape, dtype, device).AsParameter();
    }

    public long[] normalized_shape { get; set; }
    public double eps { get; set; }
    public bool elementwise_affine { get; set; }

    /// <summary>Disposes the parameter that it replaces. Null where not affine.</summary>
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

    public override Tensor forward(Tensor tensor) => functional.layer_norm(tensor, normalized_shape, weight, bias, eps);

    public void reset_parameters()
    {
        if (!elementwise_affine) return;
        init.ones_(weight);
        if (bias is not null) init.zeros_(bias);
    }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => Replace(dtype, device);

    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => Replace(null, InitializeDevice(new Device(deviceType, deviceIndex)));

    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => Replace(dtype, null);

    private LayerNorm Replace(ScalarType? dtype, Device? device)
    {
        if (_weight is not null && ReplaceParameter(dtype, device, _weight, out var movedWeight)) weight = movedWeight!;
        if (_bias is not null && ReplaceParameter(dtype, device, _bias, out var movedBias)) bias = movedBias;
        return this;
    }

    // From the finalizer, too, as TorchSharp does: a parameter kept longer than its layer turns invalid.
    protected override void Dispose(bool disposing)
    {
        _weight?.Dispose();
        _bias?.Dispose();
        base.Dispose(disposing);
    }
}
