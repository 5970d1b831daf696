namespace Px.Experiments.Tests.Cluster;

/// <summary>A test that starts a Slurm of its own, and is skipped, with the reason, where Slurm's daemons are not installed. Where they are, they must start.</summary>
internal sealed class SlurmFactAttribute : FactAttribute
{
    private static readonly string[] Programs = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "scancel"];

    public SlurmFactAttribute()
    {
        var missing = Programs.Where(program => !Folders().Any(folder => File.Exists(Path.Combine(folder, program)))).ToList();
        Skip = missing.Count > 0 ? $"Slurm is not installed (Debian: slurm-wlm, munge): there is no {string.Join(", ", missing)}." : null;
    }

    private static IEnumerable<string> Folders() =>
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/sbin"];
}
