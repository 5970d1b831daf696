using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Rewinding;

/// <summary>How a model was found before it was trained: every value, mode, flag and gradient, so that all of it can be put back.</summary>
/// <remarks>The caller's gradients are set aside at once: training must not add to them.</remarks>
internal sealed class FoundModel : IDisposable
{
    private readonly Module model;
    private readonly List<(Module Module, bool Training)> modes;
    private readonly Dictionary<string, (bool Required, Tensor? Gradient)> parameters = [];

    internal FoundModel(Module model)
    {
        this.model = model;
        State = TrainingState.Of(model);
        // Parents come before their children, and train(bool) recurses: restoring in this order ends with every child's own mode.
        modes = [(model, model.training), .. model.named_modules().Select(m => (m.module, m.module.training))];
        foreach (var (name, parameter) in model.named_parameters())
            parameters.TryAdd(name, (parameter.requires_grad, parameter.grad?.DetachFromDisposeScope()));
        Reset();
    }

    /// <summary>The values as found. Borrowed.</summary>
    internal TrainingState State { get; }

    /// <summary>Modes and flags as found, and no gradients: what every round begins with.</summary>
    internal void Reset()
    {
        foreach (var (module, training) in modes)
        {
            if (module.training != training) module.train(training);
        }

        SetParameters(withGradients: false);
    }

    /// <summary>Puts modes, flags and gradients back, but no values.</summary>
    internal void Restore()
    {
        Reset();
        SetParameters(withGradients: true);
    }

    public void Dispose()
    {
        State.Dispose();
        foreach (var (_, gradient) in parameters.Values) gradient?.Dispose();
    }

    private void SetParameters(bool withGradients)
    {
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (!parameters.TryGetValue(name, out var found)) continue;
            if (parameter.requires_grad != found.Required) parameter.requires_grad = found.Required;
            parameter.grad = withGradients ? found.Gradient : null;
        }
    }
}
