using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Speed;

// Every way in which the same numbers are computed faster: the layout of batches, threads, parts of a batch, memory that equal numbers
// share, norm layers without their constants, graphs that are kept. All are on or all off; they change scores by rounding only.
internal sealed class SpeedPolicy
{
    // Operations of a pass from which several threads gain time even on a busy machine, where each operator may wait for a thread that is
    // not scheduled.
    private const long WorthSharing = 2_000_000_000;

    // Samples whose feature maps fit into a processor's caches.
    private const long SamplesInPart = 32;

    private static readonly AsyncLocal<bool> IsOff = new();

    private bool? takesChannelsLast;

    internal bool IsOn { get; } = !IsOff.Value;

    // For tests: until disposed, networks that this flow of execution makes are computed without speed-ups.
    internal static IDisposable TurnOff()
    {
        IsOff.Value = true;
        return new Undo(() => IsOff.Value = false);
    }

    // Until disposed, operators run on one thread if the operations are few. Held for a whole call, since libtorch starts its threads anew
    // whenever their number grows.
    internal IDisposable? OnOneThread(long operations)
    {
        int found = get_num_threads();
        if (!IsOn || operations >= WorthSharing || found == 1) return null;
        set_num_threads(1);
        return new Undo(() => set_num_threads(found));
    }

    // A GPU takes the batch as it is: there, each part would cost as much time as the whole.
    internal IEnumerable<Inputs> Parts(Inputs batch) =>
        IsOn && batch.Tensors[0].device_type == DeviceType.CPU ? batch.Split(SamplesInPart) : [batch];

    // The batch with channels innermost, the layout in which forward passes without gradients are fastest on the CPU; float32 gradients
    // would lose three digits in it. A first run of the network's forward pass checks that its code works on that layout. Fresh.
    internal Inputs FastestLayout(Inputs batch, Func<Inputs, Tensor> run)
    {
        if (!IsOn || !batch.Tensors.Any(HasChannels)) return batch.Map(tensor => tensor.alias());
        return (takesChannelsLast ??= TakesChannelsLast(batch, run)) ? ChannelsLast(batch) : batch.Map(tensor => tensor.alias());
    }

    private static bool HasChannels(Tensor tensor) =>
        tensor.device_type == DeviceType.CPU && tensor.dim() == 4 && tensor.is_floating_point();

    // Code that relies on the standard layout (view of a feature map) throws or, where it reads raw memory, gives another output.
    private static bool TakesChannelsLast(Inputs batch, Func<Inputs, Tensor> run)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var sample = batch.Narrow(0, 1);
        try
        {
            var standard = run(sample);
            var arranged = run(ChannelsLast(sample));
            return arranged.allclose(standard, rtol: 1e-2, atol: 1e-2 * standard.abs().max().ToDouble());
        }
        catch (ExternalException)
        {
            return false;
        }
    }

    private static Inputs ChannelsLast(Inputs batch) => batch.Map(tensor => HasChannels(tensor) ? ChannelsLast(tensor) : tensor.alias());

    private static Tensor ChannelsLast(Tensor batch)
    {
        using var scope = NewDisposeScope();
        return batch.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    private sealed class Undo(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
