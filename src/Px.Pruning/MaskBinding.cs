using Px.Pruning.Masking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace Px.Pruning;

/// <summary>Holds the pruned weights of one model at zero while it is trained.</summary>
/// <remarks>
/// <para>
/// Put one line into the training loop: <c>optimizer.step(); binding.Apply(optimizer);</c>. Momentum, Adam's averages and weight decay
/// then never move a pruned weight. Without that line hooks on the model and on each masked layer still zero the pruned weights before
/// they are used, so that the network that is trained and evaluated is the pruned one; what lies in the model after the last step
/// then needs one <see cref="Apply()"/>, or a forward pass, before it is saved.
/// </para>
/// <para>Hooks run for <c>call</c> only: where a model invokes its layers through <c>forward</c>, the line is needed.</para>
/// <para>Hooks write a weight only where one that should be zero is not, so that two forward passes may precede one backward pass.</para>
/// <para>The binding follows the model to another device or type. Safe for forward passes on several threads.</para>
/// <para>
/// <b>Cost:</b> every <c>call</c> of the model reads all masked weights once and waits once for the device; <c>Apply(optimizer)</c> writes
/// each masked parameter, its gradient and its state. Dispose the binding of a network that is only used.
/// </para>
/// </remarks>
public sealed class MaskBinding : IDisposable
{
    private readonly List<MaskedParameter> parameters;
    private readonly FusedCheck check;
    private readonly List<MaskedLayer> layers = [];
    private readonly List<Action> unhook = [];
    private readonly object gate = new();
    private bool disposed, paused;

    internal MaskBinding(Module model, PruningMask mask)
    {
        using var temporaries = NewDisposeScope();
        Names = mask.Names;
        parameters = ParametersOf(model, mask);
        check = new FusedCheck(parameters);
        WriteWeights();
        Hook(model);
        parameters.ForEach(HeldWeights.Add);
    }

    /// <summary>The masked parameters, in the mask's order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether every pruned weight is zero now.</summary>
    /// <exception cref="ObjectDisposedException">The binding was disposed.</exception>
    public bool IsHeld => Guarded(() => !check.AnyBroken());

    /// <summary>Zeroes the pruned weights that are not zero now, to exactly +0, also where they are NaN or infinite.</summary>
    /// <exception cref="ObjectDisposedException">The binding was disposed.</exception>
    public void Apply() => Guarded(RepairAll);

    /// <summary>
    /// Zeroes the pruned weights, their gradients and what the optimizer remembers of them. The one line of a training loop:
    /// call it after <c>optimizer.step()</c>.
    /// </summary>
    /// <param name="optimizer">
    /// The optimizer of the model. Its memory is cleaned for SGD, Adam and AdamW; others keep theirs, which moves no weight that is kept.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="optimizer"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The binding was disposed.</exception>
    public void Apply(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Guarded(() =>
        {
            WriteWeights();
            WriteGradients();
            var remembered = OptimizerTensors.ByParameter(optimizer);
            foreach (var parameter in parameters)
            {
                foreach (var tensor in remembered.GetValueOrDefault(parameter.Current, []))
                    parameter.ZeroPruned(tensor);
            }
        });
    }

    /// <summary>
    /// Zeroes the gradients of pruned weights. Needed only where gradients are looked at between <c>backward()</c> and
    /// <c>optimizer.step()</c>: call it before <c>clip_grad_norm_</c>, or the norm counts weights that are not there.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The binding was disposed.</exception>
    public void ApplyToGradients() => Guarded(WriteGradients);

    /// <summary>Checks that every pruned weight is zero now.</summary>
    /// <exception cref="InvalidOperationException">One is not; the message names each parameter and how many.</exception>
    /// <exception cref="ObjectDisposedException">The binding was disposed.</exception>
    public void AssertHeld() => Guarded(() =>
    {
        var broken = parameters.Select(parameter => (parameter.Name, Count: parameter.CountBroken())).Where(p => p.Count > 0).ToList();
        if (broken.Count > 0)
        {
            throw new InvalidOperationException(
                $"Pruned weights are not zero: {string.Join(", ", broken.Select(p => $"{p.Count} in '{p.Name}'"))}. " +
                "Call Apply(optimizer) after optimizer.step().");
        }
    });

    /// <summary>Takes the hooks off and frees the masks: what is left is a plain model whose pruned weights are zero until something moves
    /// them. May be called again.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            parameters.ForEach(HeldWeights.Remove);
            foreach (var remove in unhook) remove();
            unhook.Clear();
            check.Dispose();
            foreach (var parameter in parameters) parameter.Dispose();
        }
    }

    // A copy of the mask that is held. The caller disposes it. ObjectDisposedException: The binding was disposed.
    internal PruningMask CopyMask(Module model) => Guarded(() =>
    {
        var pruned = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Pruned);
        return PruningMask.Adopt([.. Names.Select(name => KeyValuePair.Create(
            name, pruned.TryGetValue(name, out var gone) ? gone.logical_not().cpu()
                : ones(model.get_parameter(name)!.shape, ScalarType.Bool)))]);
    });

    // Lets the hooks rest until disposed, while parameters have other shapes.
    internal IDisposable Pause()
    {
        lock (gate) paused = true;
        return new Resumption(this);
    }

    private static List<MaskedParameter> ParametersOf(Module model, PruningMask mask)
    {
        var modules = new Dictionary<string, Module>(StringComparer.Ordinal) { [""] = model };
        foreach (var (name, module) in model.named_modules()) modules[name] = module;
        var list = new List<MaskedParameter>();
        foreach (var name in mask.Names.Where(name => mask.KeptIn(name) < mask.TotalIn(name)))
        {
            var dot = name.LastIndexOf('.');
            list.Add(modules.TryGetValue(name[..Math.Max(0, dot)], out var owner)
                ? new MaskedParameter(name, owner, name[(dot + 1)..], mask[name])
                : new MaskedParameter(name, model, name, mask[name]));
        }

        return list;
    }

    private void Hook(Module model)
    {
        foreach (var owned in parameters.GroupBy(parameter => parameter.Owner))
        {
            if (owned.Key is not Module<Tensor, Tensor> module || ReferenceEquals(module, model)) continue;
            var layer = new MaskedLayer(owned.ToList());
            layers.Add(layer);
            unhook.Add(module.register_forward_pre_hook((Module _) => BeforeLayer(layer)).remove);
        }

        if (model is Module<Tensor, Tensor> root && parameters.Count > 0)
        {
            unhook.Add(root.register_forward_pre_hook((Module _) => BeforeModel()).remove);
            unhook.Add(root.register_forward_hook((Module _) => AfterModel()).remove);
        }
    }

    private void BeforeModel()
    {
        lock (gate)
        {
            if (paused) return;
            Guarded(() =>
            {
                RepairAll();
                MarkLayers(true);
            });
        }
    }

    private void AfterModel()
    {
        lock (gate) MarkLayers(false);
    }

    private void BeforeLayer(MaskedLayer layer)
    {
        lock (gate)
        {
            if (paused) return;
            if (layer.IsChecked)
            {
                layer.IsChecked = false;
                return;
            }

            // Called twice since the model was checked, or not through the model at all: believe no mark any more. One may have
            // been left by a forward pass that threw.
            MarkLayers(false);
            Guarded(() => Repair(layer.Parameters));
        }
    }

    private void MarkLayers(bool isChecked)
    {
        foreach (var layer in layers) layer.IsChecked = isChecked;
    }

    private void RepairAll()
    {
        if (check.AnyBroken()) Repair(parameters);
    }

    private static void Repair(IEnumerable<MaskedParameter> candidates)
    {
        foreach (var parameter in candidates.Where(parameter => parameter.IsBroken)) parameter.ZeroPruned();
    }

    private void WriteWeights()
    {
        using var ungraded = no_grad();
        foreach (var parameter in parameters) parameter.ZeroPruned();
    }

    private void WriteGradients()
    {
        foreach (var parameter in parameters)
        {
            if (parameter.Current.grad is { } gradient) parameter.ZeroPruned(gradient);
        }
    }

    private void Guarded(Action action) => Guarded(() =>
    {
        action();
        return true;
    });

    private T Guarded<T>(Func<T> action)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            using var ungraded = no_grad();
            using var temporaries = NewDisposeScope();
            return action();
        }
    }

    private sealed class Resumption(MaskBinding binding) : IDisposable
    {
        public void Dispose()
        {
            lock (binding.gate) binding.paused = false;
        }
    }
}
