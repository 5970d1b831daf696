namespace Px.Pruning.Models;

/// <summary>A layer in a <see cref="ModelSummary"/>.</summary>
public sealed record LayerSummary
{
    /// <summary>The name in the model, as in <c>named_modules</c>; empty for the model itself.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the layer's type: <c>Conv2d</c>, <c>BatchNorm2d</c>, <c>ReLU</c>, ….</summary>
    public required string Kind { get; init; }

    /// <summary>The shape of its output for one sample, without the batch's dimension; of its last call if there are several. Null
    /// where it was not called, or does not turn one tensor into one.</summary>
    public required IReadOnlyList<long>? OutputShape { get; init; }

    /// <summary>The number of its own parameters, biases included, without those of modules inside it.</summary>
    public required long Parameters { get; init; }

    /// <summary>The FLOPs of all its calls for one sample, as <see cref="ModelSummary"/> counts them.</summary>
    public required long Flops { get; init; }
}
