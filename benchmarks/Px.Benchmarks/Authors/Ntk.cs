using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Benchmarks.Authors;

/// <summary>NTK-SAP, R = 1: two networks side by side on noise, differentiated with respect to the mask that they share.</summary>
internal static class Ntk
{
    private const double Distance = 0.01;

    internal static IReadOnlyList<Tensor> NtkSap(MaskedNetwork model, Tensor input, Tensor target)
    {
        Redraw(model);
        return MaskScores(model, randn_like(input));
    }

    internal static IReadOnlyList<Tensor> MaskScores(MaskedNetwork model, Tensor z)
    {
        foreach (string norm in model.Norms)
        {
            model[$"{norm}.running_mean"].zero_();
            model[$"{norm}.running_var"].fill_(1);
            model[$"{norm}.num_batches_tracked"].zero_();
        }

        model.Momentum = 1;
        model.Training = true;
        using (no_grad()) model.Forward(z).Dispose();
        model.Training = false;
        var neighbour = Perturbed(model);
        using var tracked = new TrackedMasks(model);
        Objective(model, neighbour, z).backward();
        return [.. model.Masks.Values.Select(mask => (mask.grad! * mask.ne(0)).detach().abs())];
    }

    /// <summary>J = Σₙ ‖f(zₙ) − f′(zₙ)‖².</summary>
    internal static Tensor Objective(MaskedNetwork model, MaskedNetwork neighbour, Tensor z) =>
        (model.Forward(z) - neighbour.Forward(z)).square().sum();

    internal static MaskedNetwork Perturbed(MaskedNetwork model)
    {
        var neighbour = model.Copy();
        using var noGrad = no_grad();
        foreach (var weight in neighbour.Weights())
        {
            using var noise = randn_like(weight);
            weight.add_(noise, alpha: Distance);
        }

        neighbour.Masks = model.Masks;
        return neighbour;
    }

    private static void Redraw(MaskedNetwork model)
    {
        using var noGrad = no_grad();
        foreach (var weight in model.Weights()) init.kaiming_normal_(weight);
        foreach (string norm in model.Norms)
        {
            model[$"{norm}.weight"].fill_(1);
            model[$"{norm}.bias"].zero_();
        }
    }
}
