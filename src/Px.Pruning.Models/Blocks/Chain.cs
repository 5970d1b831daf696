using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

/// <summary>Modules one after the other, as <c>nn.Sequential</c> calls them, for children whose names PyTorch does not nest.</summary>
internal static class Chain
{
    /// <summary>The last module's output. Every result but that is disposed as soon as the next module has it, so that without gradients no more than two feature maps live.</summary>
    /// <param name="input">The first module's input. It is not disposed.</param>
    /// <param name="modules">At least one.</param>
    public static Tensor Call(Tensor input, params nn.Module<Tensor, Tensor>[] modules)
    {
        var result = input;
        foreach (var module in modules)
        {
            var next = module.call(result);
            // A hook may have returned what it was given.
            if (!ReferenceEquals(result, input) && !ReferenceEquals(result, next))
                result.Dispose();
            result = next;
        }

        return result;
    }
}
