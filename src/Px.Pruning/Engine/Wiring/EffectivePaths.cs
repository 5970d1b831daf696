using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

// Finds the kept weights that lie on a path of kept weights from the input to the output, at any position and whatever their values.
// Forward, each layer returns 1 where a path arrives and 0 elsewhere; backward, each takes 1 where a path leads on and 0 elsewhere. A
// weight lies on a path where at some position both of its ends do. All sums are of zeros and ones inside one layer, so that nothing
// overflows, underflows or is rounded away in deep networks. A maximum called as a function (functional.max_pool2d) passes the gradient to
// one element a window; the passes are repeated with known elements made small, so that others win, until nothing new is found. What feeds
// a gate leads on where the gate multiplies a path, unless paths alone are asked for.
internal sealed class EffectivePaths : IDisposable
{
    // Small, so that functions which saturate (ReLU6 called as a function) let it pass.
    private const float Fresh = 1f / (1 << 10), Known = 1f / (1 << 30);

    private readonly Network network;
    private readonly MaskedWeights kept;
    private readonly bool throughGates;
    private readonly CancellationToken token;
    private readonly List<PathCall> calls = [];
    private readonly Dictionary<WeightSlot, Tensor> used = [];
    private Tensor? outputs;

    private EffectivePaths(Network network, MaskedWeights kept, bool throughGates, CancellationToken token) =>
        (this.network, this.kept, this.throughGates, this.token) = (network, kept, throughGates, token);

    internal IReadOnlyList<PathCall> Calls => calls;

    // Where a path arrives in the network's output, bool [1, K, …]. Borrowed.
    internal Tensor Outputs => outputs!;

    // Throws an UnsupportedModelException for a forward pass that does not take the same course each time.
    internal static EffectivePaths Follow(Network network, MaskedWeights kept, CancellationToken token, bool throughGates = true)
    {
        var paths = new EffectivePaths(network, kept, throughGates, token);
        try
        {
            while (paths.FindMore()) { }
            return paths;
        }
        catch
        {
            paths.Dispose();
            throw;
        }
    }

    // The weights of a slot that lie on a path, bool, in the weight's shape, on the CPU. Fresh.
    internal Tensor Effective(WeightSlot slot)
    {
        using var temporaries = NewDisposeScope();
        if (!used.TryGetValue(slot, out var found)) return zeros(slot.Weight.shape, ScalarType.Bool).MoveToOuterDisposeScope();
        return kept.Ones(slot, ScalarType.Bool).logical_and(found).cpu().contiguous().MoveToOuterDisposeScope();
    }

    // Which call feeds which in the unpruned network.
    internal CallGraph Graph()
    {
        using var temporaries = NewDisposeScope();
        using var cut = new SegmentEvaluation((i, _, _) => full(calls[i].Reached.shape, Fresh, network.ComputeType, network.Device))
        { ThroughGates = throughGates };
        using var grad = enable_grad();
        var output = cut.Run(network, Fresh);
        var feeds = new bool[calls.Count + 2, calls.Count + 2];
        for (int target = 0; target <= calls.Count; target++)
        {
            token.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            if (target == calls.Count) cut.SendBack(output, ones_like(output));
            else cut.SendBack(target, ones_like(cut.Root(target)));
            for (int source = 0; source <= target; source++)
            {
                if (cut.Leaves[source].grad is not { } gradient) continue;
                feeds[source, target + 1] = gradient.gt(0).any().ToBoolean();
                cut.Leaves[source].grad = null;
            }
        }

        return new CallGraph(feeds);
    }

    public void Dispose()
    {
        foreach (var call in calls) call.Dispose();
        foreach (var weights in used.Values) weights.Dispose();
        outputs?.Dispose();
    }

    // One pass forward and back; false if it found nothing new.
    private bool FindMore()
    {
        using var temporaries = NewDisposeScope();
        using var grad = enable_grad();
        using var cut = new SegmentEvaluation(HandOn) { ThroughGates = throughGates };
        var output = cut.Run(network, Fresh);
        if (cut.Leaves.Count <= calls.Count) throw CutEvaluation.OtherCourse(calls[cut.Leaves.Count - 1].Layer);
        outputs ??= output.detach().gt(0).DetachFromDisposeScope();
        cut.SendBack(output, ones_like(output));
        bool more = false;
        for (int i = calls.Count - 1; i >= 0; i--)
        {
            token.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            if (cut.Leaves[i + 1].grad is { } gradient) more |= Lead(calls[i], gradient);
            if (calls[i].Continues is { } continues) cut.SendBack(i, continues.to(network.ComputeType));
        }

        return more;
    }

    private Tensor HandOn(int index, HookedModule hooked, Tensor input)
    {
        token.ThrowIfCancellationRequested();
        using var temporaries = NewDisposeScope();
        if (outputs is null) calls.Add(Reach(hooked, input));
        else if (index >= calls.Count || calls[index].Layer != hooked) throw CutEvaluation.OtherCourse(hooked);
        var call = calls[index];
        var value = call.Reached.to(network.ComputeType).mul_(Fresh);
        return (call.Leads is { } leads ? value.masked_fill(leads, Known) : value).MoveToOuterDisposeScope();
    }

    private PathCall Reach(HookedModule hooked, Tensor input)
    {
        var arrives = input.gt(0);
        var sums = hooked.Weighted!.Apply(arrives.to(network.ComputeType), kept.Ones(hooked.Weighted.Slot, network.ComputeType), null);
        return new PathCall(hooked, arrives.DetachFromDisposeScope(), IsPositive(sums).DetachFromDisposeScope());
    }

    // Adds where a call's output leads on; false if all of that was known.
    private bool Lead(PathCall call, Tensor gradient)
    {
        var leads = gradient.gt(0).logical_and(call.Reached);
        if (call.Leads is { } known) leads = leads.logical_or(known);
        if (leads.sum().ToInt64() == (call.Leads?.sum().ToInt64() ?? 0)) return false;

        var layer = call.Layer.Weighted!;
        var arrives = call.Arrives.to(network.ComputeType).requires_grad_();
        var weight = kept.Ones(layer.Slot, network.ComputeType).requires_grad_();
        autograd.backward([layer.Apply(arrives, weight, null)], [leads.to(network.ComputeType)], inputs: [arrives, weight]);
        using var noGrad = no_grad();
        var passed = IsPositive(weight.grad!);
        used.TryGetValue(layer.Slot, out var before);
        used[layer.Slot] = (before is null ? passed : passed.logical_or(before)).DetachFromDisposeScope();
        before?.Dispose();
        call.Update(leads, IsPositive(arrives.grad!).logical_and(call.Arrives));
        return true;
    }

    // Sums of zeros and ones are whole numbers, except for rounding where a kernel computes them by a transform.
    private static Tensor IsPositive(Tensor sums) => sums.gt(0.5);
}
