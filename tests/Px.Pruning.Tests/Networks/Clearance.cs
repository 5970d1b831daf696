using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Modules = TorchSharp.Modules;

namespace Px.Pruning.Tests.Networks;

/// <summary>
/// How far a float64 network stays from the places where float32 may decide otherwise: a gate that opens, another maximum of a window. Beyond
/// float32's errors, which are some 1e-6 of a layer's values, the two types have the same paths on every machine.
/// </summary>
internal static class Clearance
{
    /// <summary>More than ten times what float32 may err in these networks.</summary>
    internal const double Enough = 2e-5;

    /// <summary>
    /// The least distance from zero of what enters a ReLU module, and of a window's largest value from its next one, as fractions of the layer's
    /// largest value. In the mode that the model is in.
    /// </summary>
    internal static double Of(Module<Tensor, Tensor> model, Tensor input)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var least = double.PositiveInfinity;
        var seen = 0;
        void See(Tensor distances, Tensor x)
        {
            seen++;
            least = Math.Min(least, distances.min().ToDouble() / x.abs().max().ToDouble());
        }

        var hooks = model.modules().OfType<Modules.ReLU>().Select(module =>
            module.register_forward_pre_hook((_, x) =>
            {
                using var temporaries = NewDisposeScope();
                See(x.abs(), x);
                return null!;
            })).ToList();
        hooks.AddRange(model.modules().OfType<Modules.MaxPool2d>().Select(module =>
            module.register_forward_pre_hook((_, x) =>
            {
                using var temporaries = NewDisposeScope();
                See(Gaps(module.kernel_size[0], x), x);
                return null!;
            })));
        model.call(input);
        hooks.ForEach(hook => hook.remove());
        seen.Should().BePositive();
        return least;
    }

    /// <summary>Between the two largest values of each window, where the largest is not 0: zeros behind a ReLU are alike in any type.</summary>
    private static Tensor Gaps(long size, Tensor x)
    {
        var (largest, _) = x.unfold(2, size, size).unfold(3, size, size).flatten(4).topk(2, -1);
        var (first, second) = (largest.select(-1, 0), largest.select(-1, 1));
        return (first - second).masked_select(first.gt(0));
    }
}
