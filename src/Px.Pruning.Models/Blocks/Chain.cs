using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// Modules one after the other, as nn.Sequential calls them, for children whose names PyTorch does not nest.
internal static class Chain
{
    // The last module's output. Every result but that is disposed as soon as the next module has it, so that without gradients no more than
    // two feature maps live.
    // input: the first module's input. It is not disposed.
    // modules: at least one.
    internal static Tensor Call(Tensor input, params nn.Module<Tensor, Tensor>[] modules)
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
