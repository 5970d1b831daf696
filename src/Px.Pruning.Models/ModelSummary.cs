using Px.Pruning.Models.Summaries;
using static TorchSharp.torch;

namespace Px.Pruning.Models;

/// <summary>The layers of a network, with their parameters and the cost of one sample: plain numbers, no tensors.</summary>
/// <remarks>
/// FLOPs are those of one sample, a multiply-add counting as two: <c>2 × weights × positions</c> in convolutions and linear layers, where
/// positions are the places of the output (of the input for transposed convolutions) at which each weight is used. Biases, normalisation,
/// activations, pooling and products outside such layers are not counted. Papers that count a multiply-add as one have half the number.
/// </remarks>
/// <example><code>Console.WriteLine(ModelSummary.Of(model, 3, 32, 32));</code></example>
public sealed class ModelSummary
{
    private ModelSummary(string name, long[] inputShape, IReadOnlyList<LayerSummary> layers, long parameters)
    {
        (Name, InputShape, Layers, Parameters) = (name, inputShape, layers, parameters);
        Flops = layers.Sum(layer => layer.Flops);
    }

    /// <summary>The model's own name for itself, its <c>GetName</c>.</summary>
    public string Name { get; }

    /// <summary>The shape of the sample, without the batch's dimension.</summary>
    public IReadOnlyList<long> InputShape { get; }

    /// <summary>Every module that has no modules inside, or parameters of its own, in the order of registration; a module of two names
    /// under the first.</summary>
    public IReadOnlyList<LayerSummary> Layers { get; }

    /// <summary>The parameters of the model, trainable or not; a tensor that two layers share counts once.</summary>
    public long Parameters { get; }

    /// <summary>The FLOPs of one sample.</summary>
    public long Flops { get; }

    /// <summary>Runs the model once on one sample of zeros, in evaluation mode and without gradients.</summary>
    /// <remarks>Weights, norm statistics, modes and gradients stay as they are, also when the model throws. The caller's own hooks see the
    /// sample.</remarks>
    /// <param name="model">The model, on any device.</param>
    /// <param name="inputShape">The shape of one sample without the batch's dimension, such as 3, 224, 224: at least one size, each at
    /// least 1.</param>
    /// <exception cref="ArgumentException">The shape is empty or has a size below 1.</exception>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">The model does not take samples of that shape.</exception>
    public static ModelSummary Of(nn.Module<Tensor, Tensor> model, params long[] inputShape)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputShape);
        if (inputShape.Length == 0 || inputShape.Any(size => size < 1))
        {
            throw new ArgumentException($"[{string.Join(", ", inputShape)}] is not the shape of a sample: give sizes from 1 up and no "
                + "batch's dimension, such as 3, 224, 224.", nameof(inputShape));
        }

        return new ModelSummary(model.GetName(), [.. inputShape], SampleRun.Observe(model, inputShape),
            model.parameters().Sum(parameter => parameter.numel()));
    }

    /// <summary>Formats the summary as a table: a line a layer, and the totals. Invariant culture, lines end in <c>\n</c>.</summary>
    public override string ToString() => SummaryTable.Write(this);
}
