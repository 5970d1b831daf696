using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>A small network with a convolution, a nested block and a classifier; input [B, 2, 6, 6].</summary>
/// <remarks>
/// 16 channels between the convolutions, because libtorch 2.10 computes wrong input gradients of float32 convolutions with fewer on
/// some AVX-512 processors (seen for 4→6, 6→6 and 8→8 channels; right with ONEDNN_MAX_CPU_ISA=AVX).
/// </remarks>
internal sealed class MaskedNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly Sequential body;
    private readonly Linear fc;

    public MaskedNet(bool forwardOnly = false) : base(nameof(MaskedNet))
    {
        CallsForward = forwardOnly;
        conv = Conv2d(2, 16, 3, padding: 1L, bias: false);
        body = Sequential(("norm", BatchNorm2d(16)), ("act", ReLU()), ("pool", AvgPool2d(2)), ("conv", Conv2d(16, 16, 3, padding: 1L)));
        fc = Linear(144, 3);
        RegisterComponents();
    }

    /// <summary>Whether the layers are invoked as TorchSharp's own guide does it, past their hooks.</summary>
    public bool CallsForward { get; }

    public override Tensor forward(Tensor input)
    {
        var x = CallsForward ? body.forward(conv.forward(input)) : body.call(conv.call(input));
        x = functional.relu(x).flatten(1);
        return CallsForward ? fc.forward(x) : fc.call(x);
    }

    /// <summary>A mask over all three weights that keeps about half of them.</summary>
    public PruningMask HalfMask(long seed = 7) => RandomMask(this, 0.5, seed);

    public static PruningMask RandomMask(Module model, double density, long seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        return new PruningMask(model.named_parameters()
            .Where(p => p.parameter.dim() > 1)
            .Select(p => KeyValuePair.Create(p.name, empty(p.parameter.shape).uniform_(0, 1, generator).lt(density)))
            .ToList());
    }

    /// <summary>A batch of 8 samples and their classes.</summary>
    public static (Tensor Input, Tensor Target) Batch(long seed = 3, ScalarType dtype = ScalarType.Float32)
    {
        using var generator = new Generator((ulong)seed);
        return (empty([8, 2, 6, 6], dtype).normal_(0, 1, generator), tensor(new long[] { 0, 1, 2, 0, 1, 2, 0, 1 }));
    }
}
