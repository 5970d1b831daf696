using static TorchSharp.torch;

namespace Px.Benchmarks.Authors;

/// <summary>SynFlow and its kin: one sample of ones, no data.</summary>
internal static class Flow
{
    internal static IReadOnlyList<Tensor> SynFlow(MaskedNetwork model, Tensor input, Tensor target)
    {
        model.Training = false;
        var signs = Linearize(model);
        model.Forward(OnesLikeSample(input, input.dtype)).sum().backward();
        Tensor[] scores = [.. model.Layers.Select(name => (model[name].grad! * model[name]).detach().abs())];
        model.ClearGradients();
        Restore(model, signs);
        return scores;
    }

    internal static IReadOnlyList<Tensor> SynFlowL2(MaskedNetwork model, Tensor input, Tensor target)
    {
        var h = PathExclusion.SquaredCopy(model);
        h.Forward(OnesLikeSample(input, input.dtype)).sum().backward();
        return [.. h.Layers.Select(name => (h[name] * h[name].grad!).detach())];
    }

    internal static IReadOnlyList<Tensor> LogSynFlow(MaskedNetwork model, Tensor input, Tensor target)
    {
        var flow = model.Copy();
        flow.ToDouble();
        flow.RemoveNorms();
        Linearize(flow);
        flow.Forward(OnesLikeSample(input, float64)).sum().backward();
        return [.. flow.Layers.Select(name => (flow[name] * (flow[name].grad! + 1).log()).detach().abs())];
    }

    private static Tensor OnesLikeSample(Tensor input, ScalarType type) => ones([1, .. input.shape[1..]], type);

    /// <summary>Takes the absolute value of the whole state dict, masks and buffers too, and returns the signs.</summary>
    private static Dictionary<string, Tensor> Linearize(MaskedNetwork model)
    {
        using var noGrad = no_grad();
        var signs = new Dictionary<string, Tensor>();
        foreach (var (name, tensor) in model.State)
        {
            signs[name] = tensor.sign();
            tensor.abs_();
        }

        return signs;
    }

    private static void Restore(MaskedNetwork model, Dictionary<string, Tensor> signs)
    {
        using var noGrad = no_grad();
        foreach (var (name, tensor) in model.State) tensor.mul_(signs[name]);
    }
}
