using System.Numerics;
using System.Runtime.InteropServices;
using Px.Pruning.Engine.Paths;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

// The code between layers alone: each call returns given constants instead of its own result, other norm layers and activations return
// their input, known gates 1. A unit whose value at a layer's input differs from sample 0's was reached by a constant that differs. Where
// all positions of a map are equal, they may share memory.
internal sealed class CutEvaluation : PathEvaluation
{
    // Far above float32's rounding, and below the share of one channel in a mean over thousands.
    internal const double Tolerance = 1e-5;

    private readonly IReadOnlyList<LayerCall> calls;
    private readonly Func<int, Tensor> signal;
    private readonly Func<HookedModule, bool> cuts;
    private readonly long samples;
    private int next;

    // signal: the constants [samples, units] that a call returns, fresh. cuts: whether a module's calls are among calls.
    internal CutEvaluation(
        IReadOnlyList<LayerCall> calls, Func<int, Tensor> signal, Func<HookedModule, bool> cuts, long samples, bool sharesMemory) =>
        (this.calls, this.signal, this.cuts, this.samples, SharesMemory) = (calls, signal, cuts, samples, sharesMemory);

    // Whether equal positions share memory.
    internal bool SharesMemory { get; }

    // Filled in, unless null: for each call and finally the output, whether sample s + 1 reaches unit u of what it receives, at
    // (FirstSample + s) · units + u.
    internal bool[][]? Reached { get; init; }

    internal int FirstSample { get; init; }

    // Collects, unless null, the sum of what each call and finally the output receives.
    internal List<double>? Sums { get; init; }

    internal override bool Replaces(HookedModule hooked) => base.Replaces(hooked) || cuts(hooked) || IsSoftmax(hooked);

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (!cuts(hooked)) return HandOn(hooked, input);
        if (next >= calls.Count || calls[next].Layer != hooked) throw OtherCourse(hooked);
        using var scope = NewDisposeScope();
        var call = calls[next];
        See(hooked, input, input.dim() - call.UnitDimensionFromEnd);
        return Constants(call, signal(next++)).MoveToOuterDisposeScope();
    }

    // Of equal positions it makes the same numbers whatever they are, so that no signal would pass it.
    private static bool IsSoftmax(HookedModule hooked) => hooked.Module is Softmax or Softmin or Softmax2d;

    // Notes what arrives at the next call (hooked) or at the output (null): which units of a sample have a value that differs from sample
    // 0's. Leaves temporaries to the current dispose scope.
    internal void See(HookedModule? hooked, Tensor tensor, long unitDimension)
    {
        long[] shape = tensor.shape;
        if (shape.Length == 0 || unitDimension < 1 || shape[0] % samples != 0) throw NoSamples(hooked, shape);
        Sums?.Add(tensor.sum().ToDouble());
        if (Reached is null || tensor.numel() == 0) return;
        int units = unitDimension < shape.Length ? (int)shape[unitDimension] : 1;
        var reached = Reached[next].AsSpan(FirstSample * units, (int)(samples - 1) * units);
        var one = OnePosition(tensor, unitDimension);
        if (one.numel() > samples * units) MemoryMarshal.Cast<byte, bool>(Differences(one, unitDimension, units).bytes).CopyTo(reached);
        else if (one.dtype == ScalarType.Float64) Compare(MemoryMarshal.Cast<byte, double>(one.cpu().contiguous().bytes), units, reached);
        else Compare(MemoryMarshal.Cast<byte, float>(one.to(ScalarType.Float32).cpu().contiguous().bytes), units, reached);
    }

    // Whether a value at any position differs from sample 0's: [samples − 1, units] on the CPU.
    private Tensor Differences(Tensor tensor, long unitDimension, long units)
    {
        long before = 1;
        for (int i = 0; i < Math.Min(unitDimension, tensor.dim()); i++) before *= tensor.size(i);
        var values = tensor.reshape(samples, before / samples, units, -1);
        var plain = values.narrow(0, 0, 1);
        var differs = (values.narrow(0, 1, samples - 1) - plain).abs_().gt(plain.abs() * Tolerance);
        return differs.any(3).any(1).cpu();
    }

    // The same where each unit has one value, without a tensor for every step: values are [samples, units], reached [samples − 1, units].
    private static void Compare<T>(ReadOnlySpan<T> values, int units, Span<bool> reached) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var tolerance = T.CreateChecked(Tolerance);
        for (int i = 0; i < reached.Length; i++)
        {
            var plain = values[i % units];
            reached[i] = T.Abs(values[units + i] - plain) > T.Abs(plain) * tolerance;
        }
    }

    // The call that the forward pass should have made next; null if it made all.
    internal LayerCall? Missed => next < calls.Count ? calls[next] : null;

    private Tensor Constants(LayerCall call, Tensor constants)
    {
        long[] shape = [.. call.OutputShape], broadcast = new long[shape.Length];
        shape[0] *= samples;
        Array.Fill(broadcast, 1);
        broadcast[0] = shape[0];
        broadcast[^call.UnitDimensionFromEnd] = call.Outputs;
        var each = call.OutputShape[0] == 1 ? constants : constants.repeat_interleave(call.OutputShape[0], 0);
        var wide = each.reshape(broadcast).expand(shape);
        return SharesMemory ? wide : wide.clone();
    }

    // The result of a module that is not cut, computed at one position where all are equal.
    private Tensor HandOn(HookedModule hooked, Tensor input)
    {
        if (IsSoftmax(hooked) && !hooked.IsGate) return SegmentEvaluation.HandOn(hooked.Module, input);
        if (!SharesMemory || input.numel() == 0 || hooked.IsGate) return base.Compute(hooked, input);
        // Memory that several positions share cannot be written to, so that an alias is as good as a copy.
        if (IsExpanded(input)) return input.alias();
        using var scope = NewDisposeScope();
        if (input.dim() > 2 && input.numel() > input.size(0) * input.size(1))
        {
            long[] positions = [.. Enumerable.Range(2, (int)input.dim() - 2)];
            var largest = input.amax(positions, keepdim: true);
            if (largest.eq(input.amin(positions, keepdim: true)).all().ToBoolean())
                return largest.expand(input.shape).MoveToOuterDisposeScope();
        }

        return base.Compute(hooked, input).MoveToOuterDisposeScope();
    }

    // The first of the positions that share memory, along every dimension except that of the samples and one other.
    private static Tensor OnePosition(Tensor tensor, long other)
    {
        long[] stride = tensor.stride();
        for (int dimension = 1; dimension < stride.Length; dimension++)
            if (stride[dimension] == 0 && dimension != other) tensor = tensor.narrow(dimension, 0, 1);
        return tensor;
    }

    internal static UnsupportedModelException OtherCourse(HookedModule hooked) => new(
        $"The forward pass calls '{hooked.Name}' at a place or as often as it did not before: its course depends on the values it "
        + "computes, so that what feeds each layer cannot be found out. Make the forward pass call the same layers in the same order.")
    { Module = hooked.Name };

    private UnsupportedModelException NoSamples(HookedModule? hooked, long[] shape) => new(
        $"What reaches {(hooked is null ? "the model's output" : $"'{hooked.Name}'")} has the shape [{string.Join(", ", shape)}] for "
        + $"{samples} samples: samples must lie after one another in the first dimension, so that what feeds each layer can be found out.")
    { Module = hooked?.Name ?? "" };
}
