using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis.Ntk;

/// <summary>
/// A network's kernel by the shortest way: the whole Jacobian from the parameters' own gradients, on one graph of the whole batch. The
/// network is changed: masked, in evaluation mode, and with its gradients overwritten.
/// </summary>
internal static class DirectJacobian
{
    /// <summary>Eigenvalues of J Jᵀ, the largest first, as the squared singular values of J.</summary>
    /// <param name="model">On running statistics.</param>
    /// <param name="input">All samples.</param>
    /// <param name="mask">What is kept; null for all.</param>
    /// <param name="chooses">Which parameters are columns; by default weights of more than one dimension.</param>
    /// <param name="summed">Whether a sample has one row, the sum of its outputs.</param>
    internal static double[] Eigenvalues(
        Module<Tensor, Tensor> model, Tensor input, PruningMask? mask = null, Func<string, Tensor, bool>? chooses = null, bool summed = false)
    {
        using var scope = NewDisposeScope();
        var J = Of(model, input, mask, chooses, summed);
        double[] values = [.. linalg.svdvals(J).square().data<double>()];
        return [.. values, .. new double[J.size(0) - values.Length]];
    }

    private static Tensor Of(Module<Tensor, Tensor> model, Tensor input, PruningMask? mask, Func<string, Tensor, bool>? chooses, bool summed)
    {
        model.eval();
        var columns = model.named_parameters().Where(p => chooses?.Invoke(p.name, p.parameter) ?? p.parameter.dim() > 1).ToList();
        foreach (string name in mask?.Names ?? [])
        {
            using var noGrad = no_grad();
            model.get_parameter(name)!.mul_(mask![name].to(float64));
        }

        var output = model.call(input).flatten(1);
        if (summed) output = output.sum(1, keepdim: true);
        var rows = new List<Tensor>();
        foreach (var entry in output.flatten().unbind())
        {
            model.zero_grad();
            entry.backward(retain_graph: true);
            rows.Add(cat([.. columns.Select(p => Kept(p.name, p.parameter, mask))]));
        }

        return stack(rows);
    }

    private static Tensor Kept(string name, Tensor parameter, PruningMask? mask)
    {
        var gradient = parameter.grad is { } found ? found.to(float64).flatten() : zeros(parameter.numel(), float64);
        return mask?.Contains(name) == true ? gradient.masked_select(mask[name].flatten()) : gradient.clone();
    }
}
