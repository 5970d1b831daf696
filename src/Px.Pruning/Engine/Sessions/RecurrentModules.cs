using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Sessions;

// Those that cuDNN computes on an NVIDIA GPU and differentiates there in training mode only.
internal static class RecurrentModules
{
    // Throws an UnsupportedModelException that names the first.
    internal static void RefuseOnCuda(nn.Module model, DeviceType device, string method)
    {
        if (device != DeviceType.CUDA) return;
        var (name, module) = model.named_modules().Prepend((name: "", module: model))
            .FirstOrDefault(entry => entry.module is LSTM or GRU or RNN);
        if (module is null) return;
        throw new UnsupportedModelException(
            $"{(name.Length > 0 ? $"'{name}'" : "The model")} is a module of type {module.GetType().Name}, which cuDNN differentiates in "
            + $"training mode only, and {method} scores in evaluation mode. Prune the model on the CPU, by to(CPU), and move it to the GPU "
            + "afterwards. MagnitudePruner and RandomPruner, which differentiate nothing, accept it where it is.")
        { Module = name };
    }
}
