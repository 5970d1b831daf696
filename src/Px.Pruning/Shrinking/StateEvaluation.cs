using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// The network in evaluation mode, in the dtype of its input; its forward pass must make the given calls in their order.
internal abstract class CallEvaluation(IReadOnlyList<LayerCall> calls) : Evaluation
{
    internal sealed override bool Replaces(HookedModule hooked) => ChannelGraph.Cuts(hooked);

    // The call with this index if it is one of the layer.
    protected LayerCall? Find(int index, HookedModule hooked) =>
        index < calls.Count && calls[index].Layer == hooked ? calls[index] : null;

    protected LayerCall Expect(int index, HookedModule hooked) => Find(index, hooked) ?? throw CutEvaluation.OtherCourse(hooked);

    // A call's input or output as [units, places].
    protected static Tensor ByUnit(Tensor tensor, LayerCall call)
    {
        long dimension = tensor.dim() - call.UnitDimensionFromEnd;
        var units = dimension > 0 ? tensor.transpose(0, dimension) : tensor;
        return units.reshape(units.size(0), -1);
    }

    protected static double[] Values(Tensor tensor) => tensor.cpu().contiguous().data<double>().ToArray();
}

// The network on its layers' tensors, or on others in their place.
internal sealed class StateEvaluation(IReadOnlyList<LayerCall> calls, IReadOnlyDictionary<HookedModule, LayerState> states)
    : CallEvaluation(calls)
{
    private readonly Stack<HookedModule> inside = new();
    private readonly IReadOnlyDictionary<HookedModule, LayerCall>? anyCourse;

    // In any order of calls: a call of each layer says how many channels its module expects.
    internal StateEvaluation(IReadOnlyDictionary<HookedModule, LayerCall> anyCourse, IReadOnlyDictionary<HookedModule, LayerState> states)
        : this([], states) => this.anyCourse = anyCourse;

    // Σx and Σx² of each channel that arrives at each call so far.
    internal List<(double[] Sums, double[] Squares)> Arrivals { get; } = [];

    // The innermost module that is being called, where an exception comes from.
    internal string Inside => inside.TryPeek(out var hooked) ? hooked.Name : "";

    internal override Tensor? Enter(HookedModule hooked, int step, Tensor input)
    {
        inside.Push(hooked);
        return null;
    }

    internal override Tensor? Leave(HookedModule hooked, int step, Tensor output)
    {
        inside.Pop();
        return null;
    }

    // As many channels as the module itself still expects.
    internal override Tensor Placeholder(HookedModule hooked, Tensor input)
    {
        long[] shape = input.shape;
        var found = anyCourse is null ? Find(Arrivals.Count, hooked) : anyCourse.GetValueOrDefault(hooked);
        if (found is not { } call || shape.Length < call.UnitDimensionFromEnd) return hooked.Placeholder(input);
        shape[^call.UnitDimensionFromEnd] = call.Inputs;
        if (call.UnitDimensionFromEnd < shape.Length) shape[0] = 1;
        using var whole = zeros(shape, input.dtype, input.device);
        return hooked.Placeholder(whole);
    }

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        var call = anyCourse is null ? Expect(Arrivals.Count, hooked) : null;
        states.TryGetValue(hooked, out var given);
        using var own = given is null ? LayerState.Of(hooked.Module) : null;
        var output = (given ?? own!).Apply(hooked, input);
        if (call is null) return output;
        using var scope = NewDisposeScope();
        var places = ByUnit(input, call).to(float64);
        Arrivals.Add((Values(places.sum(1)), Values(places.square().sum(1))));
        return output;
    }
}
