using Px.Pruning;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.GpuCheck;

/// <summary>What a model held, to be compared with what it holds, bit by bit.</summary>
public sealed class State
{
    private readonly Dictionary<string, Tensor> tensors;
    private readonly List<bool> modes;

    /// <summary>Copies, in the current dispose scope.</summary>
    public State(Module model)
    {
        using var untracked = no_grad();
        tensors = model.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone());
        modes = Modes(model);
    }

    /// <exception cref="CheckFailedException">Something else changed than weights that the mask prunes, which have to be zero.</exception>
    public void RequireUnchanged(Module model, PruningMask? mask)
    {
        using var scope = NewDisposeScope();
        using var untracked = no_grad();
        foreach (var (name, now) in model.state_dict())
        {
            var before = tensors[name];
            if (mask?.Contains(name) == true)
                before = before.masked_fill(mask[name].logical_not().to(before.device), 0);
            if (!Same(before, now))
                throw new CheckFailedException($"'{name}' is not what it was.");
        }

        if (!modes.SequenceEqual(Modes(model)))
            throw new CheckFailedException("A module is in another mode.");
        if (model.parameters().Any(parameter => parameter.grad is not null))
            throw new CheckFailedException("A parameter has a gradient.");
    }

    /// <summary>Whether two tensors, on any devices, are the same bits.</summary>
    public static bool Same(Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        return a.dtype == b.dtype && a.shape.SequenceEqual(b.shape)
            && a.detach().cpu().contiguous().bytes.SequenceEqual(b.detach().cpu().contiguous().bytes);
    }

    private static List<bool> Modes(Module model) => [model.training, .. model.named_modules().Select(module => module.module.training)];
}
