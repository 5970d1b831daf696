using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

/// <summary>Values of the caller's parameters and buffers while they hold others. Disposing it writes every bit back.</summary>
internal sealed class SavedTensors : IDisposable
{
    private readonly List<(Tensor Live, Tensor Saved)> found = [];

    /// <summary>Notes the tensor's value; returns the tensor itself, to be written to in place under <c>no_grad</c>.</summary>
    internal Tensor Save(Tensor live)
    {
        using var detached = live.detach();
        found.Add((live, detached.clone().DetachFromDisposeScope()));
        return live;
    }

    /// <summary>Gives the tensor another value. Where that fails, nothing is noted, and the tensor is as it was.</summary>
    internal void Replace(Tensor live, Tensor value)
    {
        using var scope = NewDisposeScope();
        var saved = live.detach().clone();
        live.copy_(value);
        found.Add((live, saved.DetachFromDisposeScope()));
    }

    /// <summary>Lets the new values stay.</summary>
    internal void Forget()
    {
        foreach (var (_, saved) in found) saved.Dispose();
        found.Clear();
    }

    public void Dispose()
    {
        using var noGrad = no_grad();
        // Last in, first out: what was saved twice ends as it was found first.
        for (int i = found.Count - 1; i >= 0; i--)
        {
            found[i].Live.copy_(found[i].Saved);
            found[i].Saved.Dispose();
        }

        found.Clear();
    }
}

/// <summary>Lends the caller's parameters to one backward pass: <c>grad</c> and <c>requires_grad</c> are put back when disposed.</summary>
internal sealed class BorrowedGradients : IDisposable
{
    private readonly List<(Parameter Parameter, Tensor? Gradient, bool Required)> found;

    internal BorrowedGradients(IEnumerable<Parameter> parameters)
    {
        found = [.. parameters.Select(p => (p, p.grad?.DetachFromDisposeScope(), p.requires_grad))];
        foreach (var (parameter, _, _) in found)
        {
            parameter.grad = null;
            parameter.requires_grad = true;
        }
    }

    public void Dispose()
    {
        foreach (var (parameter, gradient, required) in found)
        {
            parameter.requires_grad = required;
            parameter.grad = gradient;
            gradient?.Dispose();
        }
    }
}
