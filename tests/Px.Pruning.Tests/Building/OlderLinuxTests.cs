using System.Diagnostics;
using System.Text;

namespace Px.Pruning.Tests.Building;

/// <summary>On older Linux the build marks one version that TorchSharp's library requires as weak, in a copy, and changes nothing else.</summary>
public sealed class OlderLinuxTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("px-older-linux-").FullName;

    private static string Package => Path.Combine(BuildFacts.TorchSharp, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    private string Library => Path.Combine(folder, "libLibTorchSharp.so");

    [LinuxFact]
    public void Weaken_ACopyOfTheLibrary_ChangesOneFlagAndKeepsTheTime()
    {
        File.Copy(Package, Library);

        var (exitCode, output) = Weaken();

        exitCode.Should().Be(0, output);
        output.Should().Contain("GLIBCXX_3.4.32").And.Contain("weak");
        byte[] found = File.ReadAllBytes(Package), weakened = File.ReadAllBytes(Library);
        int[] differences = [.. Enumerable.Range(0, found.Length).Where(i => found[i] != weakened[i])];
        differences.Should().ContainSingle();
        (found[differences[0]], weakened[differences[0]]).Should().Be(((byte)0, (byte)2));
        File.GetLastWriteTimeUtc(Library).Should().Be(File.GetLastWriteTimeUtc(Package));
    }

    [LinuxFact]
    public void Weaken_Again_ChangesNothing()
    {
        File.Copy(Package, Library);
        Weaken();
        byte[] once = File.ReadAllBytes(Library);

        var (exitCode, output) = Weaken();

        exitCode.Should().Be(0, output);
        output.Should().NotContain("weak;");
        File.ReadAllBytes(Library).Should().Equal(once);
    }

    [LinuxFact]
    public void Weaken_AHardLink_LeavesTheOtherNameAlone()
    {
        string original = Path.Combine(folder, "original.so");
        File.Copy(Package, original);
        Run("ln", original, Library);

        Weaken().ExitCode.Should().Be(0);

        File.ReadAllBytes(original).Should().Equal(File.ReadAllBytes(Package));
        File.ReadAllBytes(Library).Should().NotEqual(File.ReadAllBytes(Package));
    }

    [LinuxFact]
    public void Weaken_AFileThatIsNoElf_IsAnErrorThatSaysSo()
    {
        File.WriteAllText(Library, new string('x', 1000));

        var (exitCode, output) = Weaken();

        exitCode.Should().NotBe(0);
        output.Should().Contain("libLibTorchSharp.so is no 64-bit little-endian ELF file");
        File.ReadAllText(Library).Should().Be(new string('x', 1000));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Runs the build's own task on the library.</summary>
    private (int ExitCode, string Output) Weaken()
    {
        string project = Path.Combine(folder, "Weaken.proj");
        File.WriteAllText(project, $"""
            <Project>
              <Import Project="{BuildFacts.Repository}eng/OlderLinux.targets" />
              <Target Name="Weaken">
                <WeakenVersionRequirement Library="{Library}" Version="GLIBCXX_3.4.32" Symbol="_ZSt21ios_base_library_initv" Always="true" />
              </Target>
            </Project>
            """);
        return Run("dotnet", "msbuild", project, "-target:Weaken", "-nologo", "-nodeReuse:false");
    }

    private static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The test host's own settings are not for MSBuild.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => output.AppendLine(line.Data);
        process.BeginOutputReadLine();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors);
    }
}
