using Px.Demo.CommandLines;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Demo;

/// <summary>Where the networks live.</summary>
internal static class Devices
{
    /// <exception cref="UsageException">CUDA was asked for and is not there.</exception>
    public static Device Choose(DemoOptions options)
    {
        if (!options.Cuda)
            return CPU;
        return cuda.is_available()
            ? new Device(DeviceType.CUDA, 0)
            : throw new UsageException("--device cuda: no CUDA device can be used; build with -p:Cuda=true on a machine that has one");
    }
}
