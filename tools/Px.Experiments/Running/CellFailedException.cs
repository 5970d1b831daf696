namespace Px.Experiments.Running;

/// <summary>A cell cannot be run, today or tomorrow: the method cannot prune that network, for example. Others can.</summary>
public sealed class CellFailedException(string message, Exception cause) : Exception(message, cause);
