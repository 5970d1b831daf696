using static TorchSharp.torch;

namespace Px.Benchmarks.Authors;

/// <summary>A method's scores, one tensor a layer with a mask: weights with the smallest are removed.</summary>
internal delegate IReadOnlyList<Tensor> Score(MaskedNetwork model, Tensor input, Tensor target);

/// <summary>The loop of the SynFlow lineage: score, one global threshold by <c>kthvalue</c>, masks; dₜ = d^(t/T).</summary>
internal static class Harness
{
    /// <param name="finished">Called after each round.</param>
    internal static void Prune(MaskedNetwork model, Tensor input, Tensor target, Score score, double sparsity, int rounds, Action finished)
    {
        for (int t = 1; t <= rounds; t++)
        {
            using var round = NewDisposeScope();
            ApplyThreshold(model, Scored(model, input, target, score), Math.Pow(1 - sparsity, (double)t / rounds));
            finished();
        }
    }

    /// <summary>The scores alone; everything else that the method made is freed.</summary>
    internal static IReadOnlyList<Tensor> Scored(MaskedNetwork model, Tensor input, Tensor target, Score score)
    {
        using var temporaries = NewDisposeScope();
        return [.. score(model, input, target).Select(layer => layer.MoveToOuterDisposeScope())];
    }

    /// <summary>All tensors as one vector.</summary>
    internal static Tensor Flat(IEnumerable<Tensor> tensors)
    {
        using var views = NewDisposeScope();
        return cat([.. tensors.Select(tensor => tensor.reshape(-1))]).MoveToOuterDisposeScope();
    }

    private static void ApplyThreshold(MaskedNetwork model, IReadOnlyList<Tensor> scores, double density)
    {
        using var noGrad = no_grad();
        var flat = Flat(scores);
        long k = (long)((1 - density) * flat.numel());
        if (k < 1) return;
        var (threshold, _) = kthvalue(flat, k, 0);
        Tensor zero = zeros(1, flat.dtype), one = ones(1, flat.dtype);
        foreach (var (name, score) in model.Layers.Zip(scores)) model.Masks[name].copy_(where(score.le(threshold), zero, one));
    }
}
