using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// Option A of He et al.: every second row and column of the input, with channels of zeros before and after its own. [B, C, H, W] → [B, C +
// added, ⌈H/2⌉, ⌈W/2⌉]. Half of the added channels, rounded down, come first, as in the networks trained with it.
internal sealed class ZeroPaddingShortcut(long added) : nn.Module<Tensor, Tensor>(nameof(ZeroPaddingShortcut))
{
    private readonly long[] padding = [0, 0, 0, 0, added / 2, added - (added / 2)]; // of the last dimension first

    public override Tensor forward(Tensor input)
    {
        using var temporaries = NewDisposeScope();
        var x = input.slice(2, 0, long.MaxValue, 2).slice(3, 0, long.MaxValue, 2);
        return nn.functional.pad(x, padding, PaddingModes.Constant, 0).MoveToOuterDisposeScope();
    }

    protected override void RegisterComponents()
    {
    }
}
