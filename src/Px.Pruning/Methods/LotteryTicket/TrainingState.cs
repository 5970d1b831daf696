using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Px.Safetensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Methods.LotteryTicket;

// A copy of every parameter and buffer of a model, by name. Owns its tensors, which belong to no dispose scope.
internal sealed class TrainingState : IDisposable
{
    private readonly Dictionary<string, Tensor> tensors;

    private TrainingState(Dictionary<string, Tensor> tensors) => this.tensors = tensors;

    // Borrowed.
    internal IReadOnlyDictionary<string, Tensor> Tensors => tensors;

    internal static TrainingState Of(Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return new(Live(model).ToDictionary(live => live.Key, live => live.Value.detach().clone().DetachFromDisposeScope()));
    }

    internal static TrainingState Adopt(Dictionary<string, Tensor> tensors)
    {
        foreach (var tensor in tensors.Values) tensor.DetachFromDisposeScope();
        return new(tensors);
    }

    // Writes the state into the model in place. Throws if a tensor is missing there or has another shape, after writing all others.
    internal void CopyTo(Module model)
    {
        if (WriteTo(model) is not { } lost) return;
        throw new InvalidOperationException(
            $"The training callback removed or reshaped '{lost}', so that the model cannot be rewound. "
            + "A callback trains the model in place.");
    }

    // The same without throwing: returns the name of the first tensor that is missing or has another shape, or null.
    internal string? WriteTo(Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var live = Live(model);
        string? lost = null;
        foreach (var (name, saved) in tensors)
        {
            if (!live.TryGetValue(name, out var target) || !TryCopy(target, saved)) lost ??= name;
        }

        return lost;
    }

    private static bool TryCopy(Tensor target, Tensor saved)
    {
        try
        {
            bool fits = target.shape.SequenceEqual(saved.shape);
            if (fits) target.copy_(saved);
            return fits;
        }
        catch (ExternalException)
        {
            return false; // cannot be written in place: an expanded tensor, for example
        }
    }

    internal string Fingerprint()
    {
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        {
            foreach (var (name, tensor) in tensors)
            {
                stream.Write(Encoding.UTF8.GetBytes($"{name} {tensor.dtype} {string.Join(",", tensor.shape)}\n"));
                TensorBytes.Write(stream, tensor);
            }
        }

        return Convert.ToHexString(hash.Hash!);
    }

    public void Dispose()
    {
        foreach (var tensor in tensors.Values) tensor.Dispose();
    }

    private static Dictionary<string, Tensor> Live(Module model)
    {
        var live = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, parameter) in model.named_parameters()) live.TryAdd(name, parameter);
        foreach (var (name, buffer) in model.named_buffers()) live.TryAdd(name, buffer);
        return live;
    }
}

// A model's values, modes, flags and gradients before training, to be restored. The caller's gradients are removed from the model at once,
// so that training does not add to them.
internal sealed class ModelBackup : IDisposable
{
    private readonly Module model;
    private readonly List<(Module Module, bool Training)> modes;
    private readonly Dictionary<string, (bool Required, Tensor? Gradient)> parameters = [];

    internal ModelBackup(Module model)
    {
        this.model = model;
        State = TrainingState.Of(model);
        // train(bool) recurses into children: restoring parents first leaves every child in its own mode.
        modes = [(model, model.training), .. model.named_modules().Select(m => (m.module, m.module.training))];
        foreach (var (name, parameter) in model.named_parameters())
            parameters.TryAdd(name, (parameter.requires_grad, parameter.grad?.DetachFromDisposeScope()));
        Reset();
    }

    // Borrowed.
    internal TrainingState State { get; }

    // For the start of a round: modes and flags as found, and no gradients.
    internal void Reset()
    {
        foreach (var (module, training) in modes)
        {
            if (module.training != training) module.train(training);
        }

        SetParameters(withGradients: false);
    }

    // Restores everything that the model still has. Missing tensors are ignored: an exception would hide the one that is being handled.
    internal void RestoreAll()
    {
        State.WriteTo(model);
        Restore();
    }

    // Restores modes, flags and gradients, but not values.
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
            parameter.grad = withGradients && found.Gradient?.shape.SequenceEqual(parameter.shape) == true ? found.Gradient : null;
        }
    }
}
