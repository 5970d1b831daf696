using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Benchmarks.Authors;

/// <summary>SNIP, IterSNIP, FORCE and GraSP: gradients of the loss through the masks, in training mode.</summary>
internal static class Gradients
{
    private const double Temperature = 200;

    /// <summary>|∂L/∂m|, divided by the sum.</summary>
    internal static IReadOnlyList<Tensor> Snip(MaskedNetwork model, Tensor input, Tensor target)
    {
        Tensor[] scores = [.. MaskGradients(model, input, target).Select(gradient => gradient.abs())];
        var total = Harness.Flat(scores).sum();
        return [.. scores.Select(score => score / total)];
    }

    /// <summary>|θ ∂L/∂θ| of the masked network: a pruned weight has no gradient.</summary>
    internal static IReadOnlyList<Tensor> IterSnip(MaskedNetwork model, Tensor input, Tensor target)
    {
        model.Training = true;
        Loss(model, input, target).backward();
        Tensor[] scores = [.. model.Layers.Select(name => (model[name].grad! * model[name]).detach().abs())];
        model.ClearGradients();
        return scores;
    }

    /// <summary>|θ ∂L/∂(θm)|: the gradient reaches pruned weights, which may return.</summary>
    internal static IReadOnlyList<Tensor> Force(MaskedNetwork model, Tensor input, Tensor target) =>
        [.. MaskGradients(model, input, target).Select(gradient => gradient.abs())];

    /// <summary>θ (H g): pass 1 for g, pass 2 for the product by double backward.</summary>
    internal static IReadOnlyList<Tensor> Grasp(MaskedNetwork model, Tensor input, Tensor target)
    {
        model.Training = true;
        var weights = model.Weights();
        var stopped = FlatGradient(Loss(model, input, target, Temperature), weights, createGraph: false).detach();
        var gradient = FlatGradient(Loss(model, input, target, Temperature), weights, createGraph: true);
        (stopped * gradient).sum().backward();
        Tensor[] scores = [.. weights.Select(weight => (weight.grad! * weight).detach())];
        var total = Harness.Flat(scores).sum().abs() + 1e-10;
        model.ClearGradients();
        return [.. scores.Select(score => score / total)];
    }

    /// <summary>The cross entropy of the logits, divided by a temperature where there is one.</summary>
    internal static Tensor Loss(MaskedNetwork model, Tensor input, Tensor target, double temperature = 1)
    {
        using var logits = model.Forward(input);
        if (temperature == 1) return functional.cross_entropy(logits, target);
        using var tempered = logits / temperature;
        return functional.cross_entropy(tempered, target);
    }

    private static Tensor[] MaskGradients(MaskedNetwork model, Tensor input, Tensor target)
    {
        model.Training = true;
        using var tracked = new TrackedMasks(model);
        Loss(model, input, target).backward();
        return [.. model.Masks.Values.Select(mask => mask.grad!.clone())];
    }

    private static Tensor FlatGradient(Tensor loss, List<Tensor> weights, bool createGraph)
    {
        using var gradients = NewDisposeScope();
        // Unlike PyTorch's, TorchSharp's grad frees the graph that it creates unless told to keep it.
        return Harness.Flat(autograd.grad([loss], weights, retain_graph: createGraph, create_graph: createGraph)).MoveToOuterDisposeScope();
    }
}
