using System.Runtime.ExceptionServices;
using Px.Pruning.Masking;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace Px.Pruning;

/// <summary>Holds the pruned weights of one model at zero while it is trained.</summary>
/// <remarks>
/// <para>
/// Add one line to the training loop: <c>optimizer.step(); binding.Apply(optimizer);</c>. Momentum, Adam's averages and weight decay then
/// never move a pruned weight. Without that line, hooks on the model and on each masked layer still zero the pruned weights before they
/// are used, so that the network that is trained and evaluated is the pruned one. In that case call <see cref="Apply()"/> once after the
/// last step, before the model is saved.
/// </para>
/// <para>Hooks run for <c>call</c> only: where a model invokes its layers through <c>forward</c>, that line is required. Modules that are
/// no <c>Module&lt;Tensor, Tensor&gt;</c>, such as LSTM and MultiheadAttention, are watched by the model's own hook.</para>
/// <para>Hooks write to a weight only if one of its pruned entries is not zero, so that two forward passes may precede one backward
/// pass.</para>
/// <para>The binding follows the model to another device or type. Forward passes may run on several threads, also while masks are bound
/// and bindings disposed; one that runs meanwhile may use some weights from before and some from after.</para><para>
/// <b>Cost:</b> every <c>call</c> of the model reads all masked weights once and waits once for the device; <c>Apply(optimizer)</c> writes
/// each masked parameter, its gradient and its state. Dispose the binding of a network that is not trained any more.
/// </para>
/// </remarks>
/// <example><code>
/// using var result = new SnipPruner().Prune(model, loader, sparsity: 0.9);
/// optimizer.step();
/// result.Binding.Apply(optimizer);                     // once a training step
/// </code></example>
public sealed class MaskBinding : IDisposable
{
    private readonly List<MaskedParameter> parameters;
    private readonly FusedCheck check;
    private readonly List<MaskedLayer> layers = [];
    private readonly List<Action> unhook = [];
    private readonly object gate = new();
    private bool disposed, paused; // hooks do nothing then; a call that began before Dispose may still have them
    private volatile bool isDistrusted;

    internal MaskBinding(Module model, PruningMask mask)
    {
        using var temporaries = NewDisposeScope();
        Names = mask.Names;
        parameters = MaskedParameter.Of(model, mask);
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

    /// <summary>Sets the pruned weights that are not zero to exactly +0, including those that are NaN or infinite.</summary>
    /// <exception cref="ObjectDisposedException">The binding was disposed.</exception>
    public void Apply() => Guarded(RepairAll);

    /// <summary>Zeroes the pruned weights, their gradients and optimizer state. Call it after <c>optimizer.step()</c>.</summary>
    /// <param name="optimizer">
    /// The optimizer of the model. State is zeroed for SGD, Adam and AdamW; that of other optimizers stays, which affects no kept weight.
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
    /// Zeroes the gradients of pruned weights. Needed only where gradients are used between <c>backward()</c> and
    /// <c>optimizer.step()</c>: call it before <c>clip_grad_norm_</c>, or the norm includes pruned weights.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The binding was disposed.</exception>
    public void ApplyToGradients() => Guarded(WriteGradients);

    /// <summary>Checks that every pruned weight is zero now.</summary>
    /// <exception cref="InvalidOperationException">Some are not; the message names each parameter and how many.</exception>
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

    /// <summary>Removes the hooks and frees the masks. Pruned weights stay zero until something changes them. May be repeated.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Trust(false);
            parameters.ForEach(HeldWeights.Remove);
            foreach (var remove in unhook) remove();
            unhook.Clear();
            check.Dispose();
            foreach (var parameter in parameters) parameter.Dispose();
        }
    }

    // A copy of the mask that is held. The caller disposes it.
    internal PruningMask CopyMask(Module model) => Guarded(() =>
    {
        var pruned = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Pruned);
        return PruningMask.Adopt([.. Names.Select(name => KeyValuePair.Create(
            name, pruned.TryGetValue(name, out var gone) ? gone.logical_not().cpu()
                : ones(model.get_parameter(name)!.shape, ScalarType.Bool)))]);
    });

    // Switches the hooks off until disposed, while parameters have other shapes.
    internal IDisposable Pause()
    {
        lock (gate) paused = true;
        return new Resumption(this);
    }

    private void Hook(Module model)
    {
        foreach (var owned in parameters.GroupBy(parameter => parameter.Owner))
        {
            if (owned.Key is not Module<Tensor, Tensor> module || ReferenceEquals(module, model)) continue;
            var layer = new MaskedLayer(owned.ToList());
            layers.Add(layer);
            unhook.Add(ModuleHooks.AddBefore(module, _ => BeforeLayer(layer)));
        }

        if (model is Module<Tensor, Tensor> root && parameters.Count > 0)
        {
            unhook.Add(ModuleHooks.AddBefore(root, _ => BeforeModel()));
            unhook.Add(ModuleHooks.AddAfter(root, _ => Trust(false)));
        }
    }

    private void BeforeModel()
    {
        lock (gate)
        {
            if (paused || disposed) return;
            Guarded(() =>
            {
                RepairAll();
                Trust(true);
            });
        }
    }

    private void BeforeLayer(MaskedLayer layer)
    {
        lock (gate)
        {
            if (paused || disposed) return;
            if (layer.IsChecked && !isDistrusted)
            {
                layer.IsChecked = false;
                return;
            }

            Guarded(() => Repair(layer.Parameters));
        }
    }

    // Between the model's hooks its layers need no check of their own. An exception may mean that the second hook never runs.
    private void Trust(bool isChecked)
    {
        lock (gate)
        {
            foreach (var layer in layers) layer.IsChecked = isChecked;
            AppDomain.CurrentDomain.FirstChanceException -= Distrust;
            isDistrusted = false;
            if (isChecked) AppDomain.CurrentDomain.FirstChanceException += Distrust;
        }
    }

    // Runs on whatever thread throws, which may hold other locks: takes none.
    private void Distrust(object? sender, FirstChanceExceptionEventArgs e)
    {
        isDistrusted = true;
        AppDomain.CurrentDomain.FirstChanceException -= Distrust;
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
