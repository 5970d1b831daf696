namespace Px.Pruning.Analysis;

/// <summary>Which numbers of a network's output have a row in the Neural Tangent Kernel.</summary>
public enum NtkOutputs
{
    /// <summary>Every number of the output of every sample. The default.</summary>
    Each,

    /// <summary>One a sample: the sum of its outputs, over classes and, for dense outputs, positions.</summary>
    Sum,
}
