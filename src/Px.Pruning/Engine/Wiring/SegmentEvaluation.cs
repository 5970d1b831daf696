using Px.Pruning.Engine.Paths;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

// The network of paths in segments: every weighted layer returns a leaf of its own, so that gradients go from a layer's input back through
// the caller's code to the outputs of earlier layers, and end there. output: the value that call i of a layer returns for its input, fresh
// and in no graph.
internal sealed class SegmentEvaluation(Func<int, HookedModule, Tensor, Tensor> output) : PathEvaluation, IDisposable
{
    private readonly List<(HookedModule Layer, Tensor Root)> calls = [];
    private readonly List<Tensor> leaves = [];

    // Whether gates hand on what feeds them, so that gradients pass both factors of a product; otherwise they are constants.
    internal bool ThroughGates { get; init; }

    // The network's input, then what each call returned.
    internal IReadOnlyList<Tensor> Leaves => leaves;

    internal override bool Replaces(HookedModule hooked) => base.Replaces(hooked) || hooked.IsMaxPool;

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.IsMaxPool) return Spread(hooked, input);
        if (hooked.IsGate && ThroughGates) return HandOn(hooked.Module, input);
        if (hooked.Weighted is null) return base.Compute(hooked, input);
        // A copy: code after the layer may change its input in place.
        var root = input.clone();
        // What feeds only gates may be fed by one, which is a constant.
        if (!root.requires_grad && hooked.FeedsOnlyGates) root.requires_grad_();
        if (!root.requires_grad) throw Detached($"'{hooked.Name}'", hooked.Name);
        using (no_grad()) AddLeaf(output(calls.Count, hooked, input));
        calls.Add((hooked, root.DetachFromDisposeScope()));
        return leaves[^1].clone();
    }

    // The output for one sample that has the same small number everywhere. Fresh.
    internal Tensor Run(Network network, float value)
    {
        AddLeaf(full([1, network.Sample!.Numbers], value, network.ComputeType, network.Device));
        using var numbers = leaves[0].clone();
        using var input = network.Sample.Deal(numbers);
        var result = network.Run(this, input);
        return result.requires_grad ? result : throw Detached("the model's output", "");
    }

    // Adds the vector-Jacobian product of target, or of what call i received, to the gradients of the leaves before it.
    internal void SendBack(Tensor target, Tensor gradient) => autograd.backward([target], [gradient], retain_graph: true, inputs: leaves);

    internal void SendBack(int call, Tensor gradient) =>
        autograd.backward([calls[call].Root], [gradient], retain_graph: true, inputs: leaves[..(call + 1)]);

    internal Tensor Root(int call) => calls[call].Root;

    public void Dispose()
    {
        foreach (var leaf in leaves) leaf.Dispose();
        foreach (var (_, root) in calls) root.Dispose();
    }

    private static UnsupportedModelException Detached(string place, string module) => new(
        $"No gradient can go back from {place} to the input: the model's forward detaches it, or computes under no_grad, so that paths "
        + "cannot be followed.")
    { Module = module };

    private void AddLeaf(Tensor value) => leaves.Add(value.requires_grad_().DetachFromDisposeScope());

    // Positive whatever feeds the gate, and rising with all that its value depends on.
    internal static Tensor HandOn(nn.Module gate, Tensor input) => gate switch
    {
        Softmax m => input.sum(m.dim, keepdim: true).expand_as(input) + 1,
        Softmin m => input.sum(m.dim, keepdim: true).expand_as(input) + 1,
        Softmax2d => input.sum(-3, keepdim: true).expand_as(input) + 1,
        _ => input + 1,
    };

    // Max-pooling as the mean of each window, which is positive where any element is: gradients then reach the whole window.
    private static Tensor Spread(HookedModule hooked, Tensor x) => hooked.Module switch
    {
        MaxPool1d { dilation: null or 1 } m => nn.functional.avg_pool1d(x, m.kernel_size, m.stride, m.padding, m.ceil_mode),
        MaxPool2d m when IsDense(m.dilation) => nn.functional.avg_pool2d(x, m.kernel_size, m.stride, m.padding, m.ceil_mode),
        MaxPool3d m when IsDense(m.dilation) => nn.functional.avg_pool3d(x, m.kernel_size, m.stride, m.padding, m.ceil_mode),
        AdaptiveMaxPool1d m => nn.functional.adaptive_avg_pool1d(x, m.output_size),
        AdaptiveMaxPool2d m => nn.functional.adaptive_avg_pool2d(x, m.output_size),
        AdaptiveMaxPool3d m => nn.functional.adaptive_avg_pool3d(x, m.output_size),
        _ => hooked.Module.forward(x),
    };

    private static bool IsDense(long[]? dilation) => dilation is null || dilation.All(step => step == 1);
}
