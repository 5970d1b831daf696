using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Engine.Speed;

// Every way in which the same numbers are computed faster: the layout of batches, threads, parts of a batch, memory that equal numbers
// share, norm layers without their constants, graphs that are kept. All are on or none; scores and masks do not depend on it but for
// rounding.
internal sealed class SpeedPolicy
{
    // Floating-point operations of a pass from which several threads gain more than they lose where other processes are busy too: then each
    // of its operators may wait for a thread that is not scheduled.
    private const long WorthSharing = 2_000_000_000;

    // Samples whose feature maps stay in the caches, and in memory that is used again.
    private const long SamplesInPart = 32;

    private static readonly AsyncLocal<bool> isOff = new();

    private bool? takesChannelsLast;

    // Asked once a network.
    internal bool IsOn { get; } = !isOff.Value;

    // For tests: until disposed, networks that this flow of execution makes are computed the plain way.
    internal static IDisposable TurnOff() => new Off();

    // Keeps passes of so many operations on one thread, until disposed, where they are too small to share out.
    internal IDisposable? OnOneThread(long operations) => IsOn && operations < WorthSharing ? new SingleThread() : null;

    // A batch in parts of a few samples.
    internal Tensor[] Parts(Tensor batch) => IsOn ? batch.split(SamplesInPart) : [batch];

    // The same numbers in the layout that forward passes without gradients are fastest in on the CPU, channels innermost. Gradients are
    // computed in the standard layout, since in this one float32 gradients lose three digits. Fresh.
    // run: the network's forward pass, by which it is found out, once, whether its code works on that layout.
    internal Tensor Arrange(Tensor batch, Func<Tensor, Tensor> run)
    {
        if (!IsOn || batch.device_type != DeviceType.CPU || batch.dim() != 4 || !batch.is_floating_point()) return batch.alias();
        return (takesChannelsLast ??= TakesChannelsLast(batch, run)) ? ChannelsLast(batch) : batch.alias();
    }

    // Code that relies on the standard layout (view of a feature map) throws or, where it reads raw memory, gives another output.
    private static bool TakesChannelsLast(Tensor batch, Func<Tensor, Tensor> run)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var sample = batch.narrow(0, 0, 1);
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

    private static Tensor ChannelsLast(Tensor batch)
    {
        using var scope = NewDisposeScope();
        return batch.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    // For a call, and not for a pass of every round: whenever the number of threads grows, libtorch starts them anew.
    private sealed class SingleThread : IDisposable
    {
        private readonly int found = get_num_threads();

        internal SingleThread()
        {
            if (found > 1) set_num_threads(1);
        }

        public void Dispose()
        {
            if (found > 1) set_num_threads(found);
        }
    }

    private sealed class Off : IDisposable
    {
        internal Off() => isOff.Value = true;

        public void Dispose() => isOff.Value = false;
    }
}
