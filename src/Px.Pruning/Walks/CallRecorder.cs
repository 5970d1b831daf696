using System.Diagnostics.CodeAnalysis;
using Px.Pruning.Probing;
using static TorchSharp.torch;

namespace Px.Pruning.Walks;

/// <summary>One pass of one sample that notes every call of a weighted layer, in order, with the shape it returns.</summary>
internal sealed class CallRecorder : PathEvaluation
{
    [SetsRequiredMembers]
    internal CallRecorder(MaskedWeights weights) => (Weight, OwnsWeights) = (weights.Theta, true);

    internal List<LayerCall> Calls { get; } = [];

    internal override Tensor Compute(Site site, Tensor input)
    {
        var output = base.Compute(site, input);
        if (site.Weighted is not null) Calls.Add(new LayerCall(site, new KernelGrid(site.Weighted), output.shape));
        return output;
    }
}
