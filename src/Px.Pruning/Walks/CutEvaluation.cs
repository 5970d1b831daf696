using System.Diagnostics.CodeAnalysis;
using Px.Pruning.Probing;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Walks;

/// <summary>
/// The code between layers alone: every layer of the calls hands on given constants instead of its own result, other norm layers and
/// activations hand on what they receive. What differs from sample 0 at a layer's input was reached by what differs in the constants.
/// Where all positions of a map hold the same, it may be handed on as one position that is seen as many.
/// </summary>
internal sealed class CutEvaluation : PathEvaluation
{
    // Far above float32's rounding, and below the share of one channel in a mean over thousands.
    internal const double Tolerance = 1e-5;

    private readonly IReadOnlyList<LayerCall> calls;
    private readonly Func<int, Tensor> signal;
    private readonly Func<Site, bool> cuts;
    private readonly long samples;
    private readonly bool shared;
    private int next;

    /// <param name="calls">The calls that the forward pass makes.</param>
    /// <param name="signal">The constants [samples, units] that a call hands on. Fresh.</param>
    /// <param name="cuts">Whether the calls have those of a layer.</param>
    /// <param name="samples">Samples in the batch, sample 0 included.</param>
    /// <param name="shared">Whether equal positions share memory.</param>
    [SetsRequiredMembers]
    internal CutEvaluation(IReadOnlyList<LayerCall> calls, Func<int, Tensor> signal, Func<Site, bool> cuts, long samples, bool shared)
    {
        (this.calls, this.signal, this.cuts, this.samples, this.shared) = (calls, signal, cuts, samples, shared);
        Weight = (_, _) => throw new InvalidOperationException("A cut layer has no weights.");
    }

    /// <summary>For each call so far, whether sample s + 1 reaches unit u of its input, at s · units + u.</summary>
    internal List<bool[]> Reached { get; } = [];

    /// <summary>Collects the sum of what each call, and at last the output, receives; null where it is not asked for.</summary>
    internal List<double>? Sums { get; init; }

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (!cuts(site)) return HandOn(site, input);
        if (next >= calls.Count || calls[next].Site != site) throw OtherCourse(site);
        var call = calls[next];
        See(site, input, input.dim() - call.UnitDimensionFromEnd);
        return Constants(call, signal(next++));
    }

    /// <summary>Adds to <see cref="Reached"/> for each sample but the first and each unit, at s · units + u, whether a value differs from sample 0's.</summary>
    /// <param name="site">The layer that receives the tensor; null for the network's output.</param>
    /// <param name="tensor">Samples after one another along the first dimension.</param>
    /// <param name="unitDimension">The dimension of the units.</param>
    internal void See(Site? site, Tensor tensor, long unitDimension)
    {
        using var scope = NewDisposeScope();
        Sums?.Add(tensor.sum().ToDouble());
        Reached.Add(Differences(site, tensor, unitDimension));
    }

    private bool[] Differences(Site? site, Tensor tensor, long unitDimension)
    {
        long[] shape = tensor.shape;
        if (shape.Length == 0 || unitDimension < 1 || shape[0] % samples != 0) throw NoSamples(site, shape);
        long units = unitDimension < shape.Length ? shape[unitDimension] : 1;
        if (tensor.numel() == 0 || samples == 1) return new bool[(samples - 1) * units];
        tensor = OnePosition(tensor, unitDimension);
        long before = tensor.shape[..(int)Math.Min(unitDimension, shape.Length)].Aggregate(1L, (a, b) => a * b) / samples;
        var values = tensor.reshape(samples, before, units, -1);
        var plain = values.narrow(0, 0, 1);
        var differs = (values.narrow(0, 1, samples - 1) - plain).abs_().gt(plain.abs() * Tolerance);
        return differs.any(3).any(1).cpu().data<bool>().ToArray();
    }

    /// <summary>The call that the forward pass should have made next; null where it made all.</summary>
    internal LayerCall? Missed => next < calls.Count ? calls[next] : null;

    private Tensor Constants(LayerCall call, Tensor constants)
    {
        using var scope = NewDisposeScope();
        long[] shape = [call.OutputShape[0] * samples, .. call.OutputShape[1..]];
        long[] broadcast = [.. shape.Select(_ => 1L)];
        broadcast[0] = shape[0];
        broadcast[^call.UnitDimensionFromEnd] = call.Outputs;
        var wide = constants.repeat_interleave(call.OutputShape[0], 0).reshape(broadcast);
        return (shared ? wide.expand(shape) : wide.expand(shape).clone()).MoveToOuterDisposeScope();
    }

    /// <summary>The result of a module that is not cut, which does the same everywhere.</summary>
    private Tensor HandOn(Site site, Tensor input)
    {
        if (!shared || input.numel() == 0) return base.Compute(site, input);
        using var scope = NewDisposeScope();
        var one = OnePosition(input, 0);
        if (one.dim() > 2 && one.numel() > one.size(0) * one.size(1))
        {
            long[] positions = [.. Enumerable.Range(2, (int)one.dim() - 2)];
            var largest = one.amax(positions, keepdim: true);
            if (largest.eq(one.amin(positions, keepdim: true)).all().ToBoolean()) one = largest;
        }

        return base.Compute(site, one).expand(input.shape).MoveToOuterDisposeScope();
    }

    /// <summary>The first of the positions that share memory, along every dimension but that of the samples and one other.</summary>
    private static Tensor OnePosition(Tensor tensor, long other)
    {
        long[] stride = tensor.stride();
        for (int dimension = 1; dimension < stride.Length; dimension++)
            if (stride[dimension] == 0 && dimension != other) tensor = tensor.narrow(dimension, 0, 1);
        return tensor;
    }

    internal static UnsupportedModelException OtherCourse(Site site) => new(
        $"The forward pass calls '{site.Name}' at a place or as often as it did not before: its course depends on the values it computes, so that "
        + "what feeds each layer cannot be found out. Make the forward pass call the same layers in the same order.")
    { Module = site.Name };

    private UnsupportedModelException NoSamples(Site? site, long[] shape) => new(
        $"What reaches {(site is null ? "the model's output" : $"'{site.Name}'")} has the shape [{string.Join(", ", shape)}] for {samples} samples: "
        + "samples must lie after one another in the first dimension, so that what feeds each layer can be found out.")
    { Module = site?.Name ?? "" };
}
