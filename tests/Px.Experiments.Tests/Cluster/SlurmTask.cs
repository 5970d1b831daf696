namespace Px.Experiments.Tests.Cluster;

/// <summary>A task of a job array.</summary>
/// <param name="Job">Its number as a job of its own.</param>
/// <param name="State">RUNNING, FAILED, COMPLETED, …</param>
internal sealed record SlurmTask(string Job, string State);
