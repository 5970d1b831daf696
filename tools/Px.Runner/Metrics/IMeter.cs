using static TorchSharp.torch;

namespace Px.Runner.Metrics;

/// <summary>Adds up what a network gets right, batch by batch.</summary>
public interface IMeter
{
    /// <summary>What is measured, as a table's header has it.</summary>
    string Name { get; }

    /// <summary>The measure so far, in [0, 1]; NaN before anything was seen.</summary>
    double Value { get; }

    /// <summary>Adds a batch.</summary>
    /// <param name="logits">What the network says: [B, K, …].</param>
    /// <param name="target">Class indices [B, …].</param>
    void Add(Tensor logits, Tensor target);
}
