using TorchSharp.Utils;

using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

public sealed class PReLU : Module<Tensor, Tensor>
{
    [ComponentName(Name = nameof(weight))]
    private Parameter? _weight;

    internal PReLU(long num_parameters, double init, Device? device, ScalarType? dtype) : base(nameof(PReLU))
    {
        this.num_parameters = num_parameters;
        this.init = init;
        weight = full([num_parameters], init, dtype, device).AsParameter();
    }

    public long num_parameters { get; }
    public double init { get; }

    /// <summary>Disposes the parameter that it replaces.</summary>
    public Parameter weight
    {
        get => _weight!;
        set
        {
            if (value.Handle != _weight?.Handle) Exchange(ref _weight, value, nameof(weight));
        }
    }

    public override Tensor forward(Tensor tensor) => functional.prelu(tensor, weight);
}
