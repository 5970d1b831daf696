using System.Diagnostics.CodeAnalysis;
using Px.Pruning.Probing;
using static TorchSharp.torch;

namespace Px.Pruning.Walks;

/// <summary>One pass of one sample that notes every call of a layer that the graph is cut at, in order, with the shape it returns.</summary>
internal sealed class CallRecorder : PathEvaluation
{
    private readonly Func<Site, bool> cuts;

    [SetsRequiredMembers]
    internal CallRecorder(MaskedWeights weights, Func<Site, bool> cuts) => (Weight, OwnsWeights, this.cuts) = (weights.Theta, true, cuts);

    internal List<LayerCall> Calls { get; } = [];

    internal override Tensor Compute(Site site, Tensor input)
    {
        var output = base.Compute(site, input);
        if (cuts(site)) Calls.Add(new LayerCall(site, output.shape));
        return output;
    }
}
