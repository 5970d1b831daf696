using Px.Pruning.Engine;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.Custom;

internal sealed class CustomRun(
    ScoringContext context, NormStatistics statistics, Func<PruningContext, IEnumerable<KeyValuePair<string, Tensor>>> score)
    : MethodRun(context)
{
    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        var found = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in score(new PruningContext(Context, round, statistics)) ?? throw Wrong("it returned null"))
        {
            if (!found.TryAdd(name, tensor)) throw Wrong($"it scored '{name}' twice");
        }

        if (found.Keys.Except(Network.Prunable.Select(slot => slot.Name)).FirstOrDefault() is { } unknown)
            throw Wrong($"'{unknown}' is no parameter that is pruned");
        using var noGrad = no_grad();
        return new(new SlotTensors(Network.Prunable, slot => Checked(slot, found.GetValueOrDefault(slot.Name)).MoveToOuterDisposeScope()));
    }

    private static Tensor Checked(WeightSlot slot, Tensor? scores)
    {
        if (scores is null || scores.IsInvalid) throw Wrong($"it has no scores for '{slot.Name}'");
        long[] expected = slot.Weight.shape;
        return scores.shape.SequenceEqual(expected)
            ? scores.detach().to(float64, CPU, copy: true).contiguous()
            : throw Wrong($"the scores of '{slot.Name}' have shape {ShapeText.Of(scores.shape)} instead of {ShapeText.Of(expected)}");
    }

    private static ArgumentException Wrong(string what) =>
        new($"The criterion must return a tensor for each of PruningContext.Parameters, by its name and in its shape, but {what}.");
}
