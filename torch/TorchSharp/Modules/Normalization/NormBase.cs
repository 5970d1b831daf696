using TorchSharp.Utils;

using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>What batch and instance norm have in common: scale, shift and running statistics.</summary>
public abstract class NormBase : Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(bias))]
    private Parameter? _bias;

    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;

    [ComponentName(Name = nameof(running_mean))]
    private Tensor? _running_mean;

    [ComponentName(Name = nameof(running_var))]
    private Tensor? _running_var;

    [ComponentName(Name = nameof(num_batches_tracked))]
    private Tensor? _num_batches_tracked;

    public NormBase(long num_features, double eps, double? momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name) : base(name)
    {
        this.num_features = num_features;
        this.eps = eps;
        this.momentum = momentum;
        this.affine = affine;
        this.track_running_stats = track_running_stats;
        if (affine)
        {
            weight = ones([num_features], dtype, device).AsParameter();
            bias = zeros([num_features], dtype, device).AsParameter();
        }
        if (track_running_stats)
        {
            running_mean = zeros([num_features], dtype, device);
            running_var = ones([num_features], dtype, device);
            num_batches_tracked = zeros([], ScalarType.Int64, device);
        }
    }

    public long num_features { get; }
    public bool affine { get; }
    public bool track_running_stats { get; }
    public double eps { get; set; }

    /// <summary>The weight of a new batch in the running statistics; null averages all batches.</summary>
    public double? momentum { get; set; }

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

    /// <summary>Disposes the tensor that it replaces, also where it is the same.</summary>
    public Tensor? running_mean
    {
        get => _running_mean;
        set => Exchange(ref _running_mean, value, nameof(running_mean));
    }

    /// <inheritdoc cref="running_mean"/>
    public Tensor? running_var
    {
        get => _running_var;
        set => Exchange(ref _running_var, value, nameof(running_var));
    }

    /// <inheritdoc cref="running_mean"/>
    public Tensor? num_batches_tracked
    {
        get => _num_batches_tracked;
        set => Exchange(ref _num_batches_tracked, value, nameof(num_batches_tracked));
    }

    public void reset_running_stats()
    {
        if (!track_running_stats) return;
        init.zeros_(running_mean!);
        init.ones_(running_var!);
        init.zeros_(num_batches_tracked!);
    }

    public void reset_parameters()
    {
        reset_running_stats();
        if (!affine) return;
        init.ones_(weight);
        init.zeros_(bias!);
    }

    protected abstract void ValidateInputDimensions(Tensor input);

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => Replace(dtype, device);

    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => Replace(null, InitializeDevice(new Device(deviceType, deviceIndex)));

    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => Replace(dtype, null);

    private NormBase Replace(ScalarType? dtype, Device? device)
    {
        if (_weight is not null && ReplaceParameter(dtype, device, _weight, out var movedWeight)) weight = movedWeight!;
        if (_bias is not null && ReplaceParameter(dtype, device, _bias, out var movedBias)) bias = movedBias;
        if (_running_mean is not null && ReplaceBuffer(dtype, device, _running_mean, out var movedMean)) running_mean = movedMean;
        if (_running_var is not null && ReplaceBuffer(dtype, device, _running_var, out var movedVar)) running_var = movedVar;
        if (_num_batches_tracked is not null && ReplaceBuffer(null, device, _num_batches_tracked, out var movedCount)) num_batches_tracked = movedCount;
        return this;
    }

    // From the finalizer, too, as TorchSharp does: a parameter kept longer than its layer turns invalid.
    protected override void Dispose(bool disposing)
    {
        _weight?.Dispose();
        _bias?.Dispose();
        _running_mean?.Dispose();
        _running_var?.Dispose();
        _num_batches_tracked?.Dispose();
        base.Dispose(disposing);
    }
}
