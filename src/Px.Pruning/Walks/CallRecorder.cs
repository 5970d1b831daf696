using System.Diagnostics.CodeAnalysis;
using Px.Pruning.Probing;
using static TorchSharp.torch;

namespace Px.Pruning.Walks;

/// <summary>
/// One pass of one sample that notes every call of a layer that the graph is cut at, in order, with the shape it returns. No layer with
/// weights computes: it hands on ones.
/// </summary>
internal sealed class CallRecorder : PathEvaluation
{
    private readonly Func<Site, bool> cuts;

    [SetsRequiredMembers]
    internal CallRecorder(Func<Site, bool> cuts)
    {
        this.cuts = cuts;
        Weight = (_, _) => throw new InvalidOperationException("A layer that only shows its shape has no weights.");
    }

    internal List<LayerCall> Calls { get; } = [];

    internal override Tensor Compute(Site site, Tensor input)
    {
        var output = site.Weighted is { } layer ? ones(layer.OutputShape(input), input.dtype, input.device) : base.Compute(site, input);
        if (cuts(site)) Calls.Add(new LayerCall(site, output.shape));
        return output;
    }
}
