using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

// Runs the network with its layers cut: sends signals from chosen units of chosen sources and records where they arrive. Source 0 is the
// network's input, source k + 1 the output of call k; target k is the input of call k, and the last target is the network's output.
internal sealed class UnitProbe
{
    // The most numbers in a batch's tensors between layers, unless one sample has more.
    private const long BatchNumbers = 1 << 24;
    private const int LargestBatch = 8;

    // Small, so that functions which saturate (ReLU6, hard tanh, sigmoid) pass it on even where many layers add up.
    private const float Signal = 1f / 64;

    private readonly Network network;
    private readonly Func<HookedModule, bool> cuts;
    private readonly int batch;
    private readonly bool sharesMemory;

    // Throws an UnsupportedModelException for a network that mixes samples.
    internal UnitProbe(Network network, Func<HookedModule, bool> cuts)
    {
        (this.network, this.cuts) = (network, cuts);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var recorder = new CallRecorder(cuts);
        long[] shape = network.Run(recorder, network.Sample!.Full(1, network.ComputeType, network.Device)).shape;
        Calls = recorder.Calls;
        SourceUnits = [network.Sample.Units, .. Calls.Select(call => call.Outputs)];
        TargetUnits = [.. Calls.Select(call => call.Inputs), shape.Length > 1 ? (int)shape[1] : 1];
        long numbers = Calls.Sum(call => call.OutputShape.Aggregate(1L, (a, b) => a * b));
        batch = (int)Math.Clamp(BatchNumbers / Math.Max(1, numbers), 1, LargestBatch);
        sharesMemory = network.Speed.IsOn && CanShareMemory();
    }

    internal IReadOnlyList<LayerCall> Calls { get; }

    internal IReadOnlyList<int> SourceUnits { get; }

    internal IReadOnlyList<int> TargetUnits { get; }

    // For each target, whether the signals of a sample reach its unit u, at sample · units + u. sends(sample, source, unit) chooses the
    // senders. Alone, all other units are zero; otherwise they are a constant, so that signals pass products too.
    internal bool[][] Send(int samples, Func<int, int, int, bool> sends, bool alone, CancellationToken token)
    {
        var reached = TargetUnits.Select(units => new bool[samples * units]).ToArray();
        for (int first = 0; first < samples; first += batch)
        {
            token.ThrowIfCancellationRequested();
            var (from, count) = (first, Math.Min(batch, samples - first));
            SendBatch(count, alone ? 0 : Signal, (sample, source, unit) => sends(from + sample, source, unit), signals =>
                new CutEvaluation(Calls, signals, cuts, count + 1, sharesMemory) { Reached = reached, FirstSample = from });
        }

        return reached;
    }

    // Whether the code between layers computes the same where all positions of a channel share one place of memory. Code that writes into
    // its input, or asks for another layout, does not.
    private bool CanShareMemory()
    {
        List<double> Sums(bool shared)
        {
            var sums = new List<double>();
            SendBatch(0, Signal, (_, _, _) => false, signals => new CutEvaluation(Calls, signals, cuts, 1, shared) { Sums = sums });
            return sums;
        }

        try
        {
            return Sums(false).Zip(Sums(true))
                .All(sums => Math.Abs(sums.First - sums.Second) <= CutEvaluation.Tolerance * Math.Abs(sums.First));
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            // libtorch refuses to write into shared memory, and the caller's code may refuse it too.
            return false;
        }
    }

    private void SendBatch(
        int samples, float background, Func<int, int, int, bool> sends, Func<Func<int, Tensor>, CutEvaluation> evaluation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var cut = evaluation(call => Constants(call + 1));
        var input = network.Sample!.Spread(Constants(0));
        var output = network.Run(cut, cut.SharesMemory ? input : input.Map(tensor => tensor.clone()));
        if (cut.Missed is { } missed) throw CutEvaluation.OtherCourse(missed.Layer);
        cut.See(null, output, 1);

        Tensor Constants(int source)
        {
            int units = SourceUnits[source];
            var constants = full([samples + 1, units], background, ScalarType.Float32);
            var values = MemoryMarshal.Cast<byte, float>(constants.bytes);
            for (int sample = 0; sample < samples; sample++)
            {
                for (int unit = 0; unit < units; unit++)
                    if (sends(sample, source, unit)) values[(sample + 1) * units + unit] += Signal;
            }

            return constants.to(network.ComputeType).to(network.Device);
        }
    }
}
