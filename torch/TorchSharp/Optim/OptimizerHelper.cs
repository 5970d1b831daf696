using TorchSharp.Utils;

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>What all optimizers have in common. A parameter's state is found by its native handle at the time it was added.</summary>
public abstract class OptimizerHelper : Optimizer
{
    protected OptimizerOptions _defaults = new();
    protected OrderedDict<IntPtr, OptimizerState> _state = new();

    public OptimizerHelper()
    {
    }

    public override IEnumerable<Parameter> parameters() => _parameter_groups.SelectMany(group => group.Parameters);

    public override void zero_grad()
    {
        using var zeroing = no_grad();
        foreach (var parameter in parameters())
        {
            using var gradient = parameter.grad;
            gradient?.zero_();
        }
    }

    public virtual StateDictionary state_dict()
    {
        var result = new StateDictionary();
        foreach (var group in _parameter_groups)
        {
            result.Options.Add(group.Options);
            var indices = new List<int>();
            foreach (var parameter in group.Parameters)
            {
                indices.Add(result.State.Count);
                result.State.Add(_state[parameter.handle]);
            }
            result.StateIndexRef.Add(indices);
        }
        return result;
    }

    public virtual void load_state_dict(StateDictionary state_dict)
    {
        var own = this.state_dict();
        if (own.Options.Count != state_dict.Options.Count) throw new ArgumentException("Invalid optimizer state -- different number of parameter groups.");
        if (own.State.Count != state_dict.State.Count) throw new ArgumentException("Invalid optimizer state -- different number of states.");
        foreach (var (options, source) in own.Options.Zip(state_dict.Options)) options.LoadStateDict(source);
        foreach (var (state, source) in own.State.Zip(state_dict.State))
        {
            if (state != source) state.LoadStateDict(source);
        }
    }

    public void to(Device device)
    {
        foreach (var (_, state) in _state) state.to(device);
    }

    public override void add_param_group(ParamGroup param_group) => _parameter_groups.Add(param_group);

    /// <summary>Runs <paramref name="body"/> for each group, without autograd and in a scope of its own.</summary>
    protected Tensor _step<T>(Action<T> body, Func<Tensor>? loss_closure = null) where T : ParamGroup
    {
        Tensor? loss = null;
        if (loss_closure is not null)
        {
            using var learning = enable_grad();
            loss = loss_closure();
        }
        using var stepping = no_grad();
        using var temporaries = NewDisposeScope();
        foreach (var group in _parameter_groups) body((T)group);
        return loss!;
    }

    private protected void DisposeStates()
    {
        foreach (var (_, state) in _state) (state as IDisposable)?.Dispose();
        _state.Clear();
    }
}
