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

    // The copies. Borrowed.
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

    // Writes the state into the model, in place and bit for bit. InvalidOperationException: The model no longer has one of the tensors, or
    // has it in another shape; all others are written.
    internal void CopyTo(Module model)
    {
        if (WriteTo(model) is not { } lost) return;
        throw new InvalidOperationException(
            $"The training callback removed or reshaped '{lost}', so that the model cannot be rewound. A callback trains the model in "
            + "place.");
    }

    // Writes whatever the model still has into it. Returns: The first tensor that it has no longer, or in another shape; null where it has
    // all.
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
            return false; // expanded, for example: several of its numbers lie in one place
        }
    }

    // A digest of names, types, shapes and bits.
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

// How a model was found before it was trained: every value, mode, flag and gradient, so that all of it can be put back. The caller's
// gradients are set aside at once: training must not add to them.
internal sealed class ModelBackup : IDisposable
{
    private readonly Module model;
    private readonly List<(Module Module, bool Training)> modes;
    private readonly Dictionary<string, (bool Required, Tensor? Gradient)> parameters = [];

    internal ModelBackup(Module model)
    {
        this.model = model;
        State = TrainingState.Of(model);
        // Parents come before their children, and train(bool) recurses: restoring in this order ends with every child's own mode.
        modes = [(model, model.training), .. model.named_modules().Select(m => (m.module, m.module.training))];
        foreach (var (name, parameter) in model.named_parameters())
            parameters.TryAdd(name, (parameter.requires_grad, parameter.grad?.DetachFromDisposeScope()));
        Reset();
    }

    // The values as found. Borrowed.
    internal TrainingState State { get; }

    // Modes and flags as found, and no gradients: what every round begins with.
    internal void Reset()
    {
        foreach (var (module, training) in modes)
        {
            if (module.training != training) module.train(training);
        }

        SetParameters(withGradients: false);
    }

    // Puts everything back that the model still has. Does not throw for what it has no longer: that would hide why it is put back.
    internal void RestoreAll()
    {
        State.WriteTo(model);
        Restore();
    }

    // Puts modes, flags and gradients back, but no values.
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
