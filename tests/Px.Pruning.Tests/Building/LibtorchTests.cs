using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Building;

/// <summary>The tests run on the libtorch that users install.</summary>
public class LibtorchTests
{
    [LinuxFact]
    public void Loaded_IsThePackagesOwn()
    {
        using var used = ones(1);

        string loaded = File.ReadLines("/proc/self/maps").First(line => line.EndsWith("/libtorch_cpu.so", StringComparison.Ordinal));
        string path = loaded[loaded.IndexOf('/', StringComparison.Ordinal)..];

        __version__.Should().StartWith("2.10.0");
        Path.GetDirectoryName(path).Should().Be(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        foreach (string name in new[] { "libtorch_cpu.so", "libc10.so" })
        {
            string package = Path.Combine(BuildFacts.Libtorch, "runtimes", "linux-x64", "native", name);
            HashOf(Path.Combine(AppContext.BaseDirectory, name)).Should().Be(HashOf(package), name);
        }
    }

    [LinuxFact]
    public void IdleThreads_OfTheTests_Sleep()
    {
        // What native code sees, which .NET's own copy of the environment does not tell.
        Marshal.PtrToStringUTF8(GetEnvironment("OMP_WAIT_POLICY")).Should().NotBeNullOrEmpty();
    }

    [Theory]
    [InlineData(typeof(PathExclusionPruner))]
    [InlineData(typeof(Px.Pruning.Models.ResNet))]
    public void References_OfTheLibraries_AreThePackagesTorchSharp(Type type)
    {
        var reference = type.Assembly.GetReferencedAssemblies().Single(assembly => assembly.Name == "TorchSharp");
        var package = AssemblyName.GetAssemblyName(Path.Combine(BuildFacts.TorchSharp, "lib", "net8.0", "TorchSharp.dll"));

        reference.FullName.Should().Be(package.FullName);
        reference.GetPublicKeyToken().Should().NotBeEmpty();
    }

    [DllImport("libc", EntryPoint = "getenv", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern nint GetEnvironment([MarshalAs(UnmanagedType.LPStr)] string name);

    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(stream));
    }
}
