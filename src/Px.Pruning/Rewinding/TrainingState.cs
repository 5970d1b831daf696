using System.Security.Cryptography;
using System.Text;
using Px.Safetensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Rewinding;

/// <summary>A copy of every parameter and buffer of a model, by name. Owns its tensors, which belong to no dispose scope.</summary>
internal sealed class TrainingState : IDisposable
{
    private readonly Dictionary<string, Tensor> tensors;

    private TrainingState(Dictionary<string, Tensor> tensors) => this.tensors = tensors;

    /// <summary>The copies. Borrowed.</summary>
    internal IReadOnlyDictionary<string, Tensor> Tensors => tensors;

    internal static TrainingState Of(Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return new(Live(model).ToDictionary(live => live.Key, live => live.Value.detach().clone().DetachFromDisposeScope()));
    }

    /// <summary>A state that takes the tensors over.</summary>
    internal static TrainingState Adopt(Dictionary<string, Tensor> tensors)
    {
        foreach (var tensor in tensors.Values) tensor.DetachFromDisposeScope();
        return new(tensors);
    }

    /// <summary>Writes the state into the model, in place and bit for bit.</summary>
    /// <exception cref="InvalidOperationException">The model no longer has one of the tensors, or has it in another shape.</exception>
    internal void CopyTo(Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var live = Live(model);
        foreach (var (name, saved) in tensors)
        {
            if (!live.TryGetValue(name, out var target) || !target.shape.SequenceEqual(saved.shape))
            {
                throw new InvalidOperationException(
                    $"The training callback removed or reshaped '{name}', so that the model cannot be rewound. A callback trains the model in place.");
            }

            target.copy_(saved);
        }
    }

    /// <summary>A digest of names, types, shapes and bits.</summary>
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
