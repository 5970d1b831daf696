using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// The network in evaluation mode on the layers' tensors, or on others put in their place, in the dtype of its input.
internal sealed class StateEvaluation(IReadOnlyList<LayerCall> calls, IReadOnlyDictionary<HookedModule, LayerState> states) : Evaluation
{
    private readonly Stack<HookedModule> inside = new();

    // Σx and Σx² of each channel that arrives at each call so far.
    internal List<(double[] Sums, double[] Squares)> Arrivals { get; } = [];

    // The innermost module that is being called: where an exception came from.
    internal string Inside => inside.TryPeek(out var hooked) ? hooked.Name : "";

    internal override bool Replaces(HookedModule hooked) => hooked.Weighted is not null || hooked.IsChannelwise;

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
        int index = Arrivals.Count;
        long[] shape = input.shape;
        if (index >= calls.Count || calls[index].Layer != hooked || shape.Length < calls[index].UnitDimensionFromEnd)
            return hooked.Placeholder(input);
        shape[^calls[index].UnitDimensionFromEnd] = calls[index].Inputs;
        if (calls[index].UnitDimensionFromEnd < shape.Length) shape[0] = 1;
        using var whole = zeros(shape, input.dtype, input.device);
        return hooked.Placeholder(whole);
    }

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        int index = Arrivals.Count;
        if (index >= calls.Count || calls[index].Layer != hooked) throw CutEvaluation.OtherCourse(hooked);
        Tensor output;
        if (states.TryGetValue(hooked, out var state)) output = state.Apply(hooked, input);
        else
        {
            using var own = LayerState.Of(hooked.Module);
            output = own.Apply(hooked, input);
        }

        Arrivals.Add(Sums(input, calls[index].UnitDimensionFromEnd));
        return output;
    }

    private static (double[] Sums, double[] Squares) Sums(Tensor tensor, int dimensionFromEnd)
    {
        using var scope = NewDisposeScope();
        long dimension = tensor.dim() - dimensionFromEnd;
        var places = dimension > 0 ? tensor.transpose(0, dimension) : tensor;
        places = places.reshape(places.size(0), -1).to(float64);
        return (Values(places.sum(1)), Values(places.square().sum(1)));
    }

    private static double[] Values(Tensor tensor) => tensor.cpu().contiguous().data<double>().ToArray();
}
