namespace Px.Pruning.Tests.Building;

/// <summary>A test of what the build does with Linux libraries of the CPU's libtorch.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux()) Skip = "Not Linux.";
        else if (!Directory.Exists(BuildFacts.Libtorch)) Skip = "Built with another libtorch than libtorch-cpu-linux-x64.";
    }
}
