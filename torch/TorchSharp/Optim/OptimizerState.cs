using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What an optimizer remembers of one parameter.</summary>
public abstract class OptimizerState
{
    protected Parameter _parameter;

    protected OptimizerState(Parameter parameter)
    {
        _parameter = parameter;
    }

    /// <summary>Sets the state of a parameter that was never stepped.</summary>
    public abstract void Initialize(OptimizerOptions options);

    /// <summary>Copies another parameter's state into this one.</summary>
    public abstract void LoadStateDict(OptimizerState source);

    /// <summary>Replaces and disposes tensors that are elsewhere.</summary>
    public abstract void to(Device device);

    private protected static void Move(ref Tensor tensor, Device device)
    {
        if (tensor is null || (tensor.device_type == device.type && (device.index < 0 || tensor.device_index == device.index))) return;
        var old = tensor;
        tensor = old.to(device).DetachFromDisposeScope();
        old.Dispose();
    }

    private protected static void Replace(ref Tensor tensor, Tensor? source)
    {
        tensor?.Dispose();
        tensor = source?.clone().DetachFromDisposeScope()!;
    }
}
