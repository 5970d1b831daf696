using System.Reflection;

namespace Px.Pruning.Tests.Building;

/// <summary>What the build noted in this assembly.</summary>
internal static class BuildFacts
{
    /// <summary>The folder of the TorchSharp package.</summary>
    internal static string TorchSharp => Of("TorchSharp");

    /// <summary>The folder of the libtorch package for Linux; empty where the build took another one.</summary>
    internal static string Libtorch => Of("libtorch");

    /// <summary>The root of the repository.</summary>
    internal static string Repository => Of("repository");

    private static string Of(string name) =>
        typeof(BuildFacts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(fact => fact.Key == name).Value ?? "";
}
