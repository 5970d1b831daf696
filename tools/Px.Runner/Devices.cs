using Px.Runner.CommandLines;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Runner;

/// <summary>Where the networks live.</summary>
public static class Devices
{
    /// <summary>What <c>--device</c> can be.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cpu", "cuda"];

    /// <param name="cuda">Whether the first CUDA device is meant, and not the CPU.</param>
    /// <exception cref="UsageException">CUDA was asked for and is not there.</exception>
    public static Device Choose(bool cuda)
    {
        if (!cuda)
            return CPU;
        return torch.cuda.is_available()
            ? new Device(DeviceType.CUDA, 0)
            : throw new UsageException("--device cuda: no CUDA device can be used; build with -p:Cuda=true on a machine that has one");
    }
}
