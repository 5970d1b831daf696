using Px.Pruning.Engine;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Shrinking;

// Makes a fresh module of the same architecture equal to another.
internal static class ModelCopy
{
    // Throws an ArgumentException where the factory's module has other parameters or buffers; it is disposed then.
    internal static PruningModel Of(PruningModel model, Func<PruningModel> factory)
    {
        var copy = factory() ?? throw new ArgumentException("The factory made no module.", nameof(factory));
        if (ReferenceEquals(copy.Module, model.Module))
            throw new ArgumentException("The factory returned the model itself, not a fresh module.", nameof(factory));
        try
        {
            Fill(model.Module, copy.Module);
            return copy;
        }
        catch
        {
            copy.Module.Dispose();
            throw;
        }
    }

    private static void Fill(Module model, Module copy)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (model.parameters().FirstOrDefault() is { } first) copy.to(first.device, first.dtype);
        Dictionary<string, Tensor> found = model.state_dict(), made = copy.state_dict();
        var different = found.Keys.Union(made.Keys)
            .Where(name => !found.TryGetValue(name, out var a) || !made.TryGetValue(name, out var b) || !a.shape.SequenceEqual(b.shape))
            .ToList();
        if (different.Count > 0)
        {
            throw new ArgumentException("The factory's module has another architecture than the model: different or missing are "
                + $"{string.Join(", ", different.Take(10).Select(name => $"'{name}'"))}.", nameof(copy));
        }

        foreach (var (name, tensor) in found)
        {
            made[name].copy_(tensor);
            if (tensor.is_leaf) made[name].requires_grad = tensor.requires_grad;
        }

        new TrainingModes(model).CopyTo(copy);
    }
}
