using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Saved values of the caller's parameters and buffers. Disposing it writes every bit back.
internal sealed class SavedTensors : IDisposable
{
    private readonly List<(Tensor Live, Tensor Saved)> found = [];

    // Saves the tensor's value and returns the tensor itself, to be written to in place under no_grad.
    internal Tensor Save(Tensor live)
    {
        using var detached = live.detach();
        found.Add((live, detached.clone().DetachFromDisposeScope()));
        return live;
    }

    // Gives the tensor another value. Where that fails, nothing is saved, and the tensor is as it was.
    internal void Replace(Tensor live, Tensor value)
    {
        using var scope = NewDisposeScope();
        var saved = live.detach().clone();
        live.copy_(value);
        found.Add((live, saved.DetachFromDisposeScope()));
    }

    internal void Forget()
    {
        foreach (var (_, saved) in found) saved.Dispose();
        found.Clear();
    }

    public void Dispose()
    {
        using var noGrad = no_grad();
        // In reverse order: a tensor that was saved twice ends with the value that it had first.
        for (int i = found.Count - 1; i >= 0; i--)
        {
            found[i].Live.copy_(found[i].Saved);
            found[i].Saved.Dispose();
        }

        found.Clear();
    }
}

// Lends the caller's parameters to one backward pass: grad and requires_grad are put back when disposed.
internal sealed class BorrowedGradients : IDisposable
{
    private readonly List<(Parameter Parameter, Tensor? Gradient, bool Required)> found;

    internal BorrowedGradients(IEnumerable<Parameter> parameters)
    {
        found = [.. parameters.Select(p => (p, p.grad?.DetachFromDisposeScope(), p.requires_grad))];
        try
        {
            foreach (var (parameter, _, required) in found)
            {
                parameter.grad = null;
                if (!required) parameter.requires_grad = true;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var (parameter, gradient, required) in found)
        {
            if (parameter.requires_grad != required) parameter.requires_grad = required;
            parameter.grad = gradient;
            gradient?.Dispose();
        }
    }
}
