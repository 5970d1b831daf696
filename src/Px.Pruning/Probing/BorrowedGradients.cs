using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

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
