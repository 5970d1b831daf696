using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Px.Pruning;
using TorchSharp;

namespace Px.Experiments.Running;

/// <summary>What computes.</summary>
public static class Versions
{
    /// <summary>Versions, system, threads and device, by name.</summary>
    public static IReadOnlyDictionary<string, string> Of(torch.Device device) => new Dictionary<string, string>
    {
        ["Px.Pruning"] = Of(typeof(IPruner).Assembly),
        ["TorchSharp"] = Of(typeof(torch).Assembly),
        ["libtorch"] = torch.__version__,
        [".NET"] = RuntimeInformation.FrameworkDescription,
        ["system"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
        ["device"] = device.ToString(),
        ["threads"] = torch.get_num_threads().ToString(CultureInfo.InvariantCulture),
        ["processors"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
    };

    private static string Of(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "unknown";
}
