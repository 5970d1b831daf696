using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// The options of both kinds of residual blocks.
internal sealed record BlockOptions
{
    internal required long Inputs { get; init; }

    internal required long Outputs { get; init; }

    // Channels between the 1×1 convolutions of a bottleneck.
    internal long Inner { get; init; }

    internal long Groups { get; init; } = 1;

    internal long Stride { get; init; } = 1;

    // The dilation of the block's input: above 1 where strides before it were replaced by dilation.
    internal long InputDilation { get; init; } = 1;

    // The dilation of its output: more than InputDilation where this block's own stride was replaced.
    internal long Dilation { get; init; } = 1;

    // The kind of a shortcut that changes the shape; all others pass the input on as it is.
    internal CifarShortcut Shortcut { get; init; } = CifarShortcut.Projection;

    internal string ShortcutName { get; init; } = "downsample";

    // Whether the last norm's scale begins at 0, so that the block begins as its shortcut.
    internal bool ZeroInit { get; init; }

    // The shortcut's module, null where the input has the output's shape.
    internal nn.Module<Tensor, Tensor>? CreateShortcut()
    {
        if (Stride == 1 && Inputs == Outputs)
            return null;
        return Shortcut == CifarShortcut.Projection
            ? nn.Sequential(nn.Conv2d(Inputs, Outputs, kernel_size: 1, stride: Stride, bias: false), nn.BatchNorm2d(Outputs))
            : new ZeroPaddingShortcut(Outputs - Inputs);
    }

    // The norm that ends the branch.
    internal BatchNorm2d CreateLastNorm()
    {
        var norm = nn.BatchNorm2d(Outputs);
        if (!ZeroInit)
            return norm;
        using var temporaries = NewDisposeScope();
        nn.init.zeros_(norm.weight);
        return norm;
    }
}
