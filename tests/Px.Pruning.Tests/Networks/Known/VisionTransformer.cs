using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks.Known;

/// <summary>
/// A vision transformer (Dosovitskiy et al., ICLR 2021) of two blocks on the package's own <c>MultiheadAttention</c>, which takes
/// sequences first. Inputs [B, 3, 32, 32], outputs [B, K].
/// </summary>
internal sealed class VisionTransformer : Module<Tensor, Tensor>
{
    private const long Size = 32, Patch = 8, Width = 16;

    private readonly Conv2d patches;
    private readonly Parameter token, position;
    private readonly Sequential blocks;
    private readonly LayerNorm norm;
    private readonly Linear head;

    internal VisionTransformer(long classes) : base(nameof(VisionTransformer))
    {
        patches = Conv2d(3, Width, Patch, stride: Patch);
        token = Parameter(zeros(1, 1, Width));
        position = Parameter(randn(1, 1 + Size / Patch * (Size / Patch), Width) * 0.02);
        blocks = Sequential(new Block(), new Block());
        norm = LayerNorm(Width);
        head = Linear(Width, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var embedded = patches.call(input).flatten(2).transpose(1, 2);
        var sequence = cat(new List<Tensor> { token.expand(input.size(0), -1, -1), embedded }, 1) + position;
        return head.call(norm.call(blocks.call(sequence)).select(1, 0));
    }

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly LayerNorm norm1, norm2;
        private readonly MultiheadAttention attention;
        private readonly Sequential mlp;

        internal Block() : base(nameof(Block))
        {
            norm1 = LayerNorm(Width);
            attention = MultiheadAttention(Width, 4);
            norm2 = LayerNorm(Width);
            mlp = Sequential(Linear(Width, 4 * Width), GELU(), Linear(4 * Width, Width));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var x = norm1.call(input).transpose(0, 1);
            var attended = input + attention.call(x, x, x).Item1.transpose(0, 1);
            return attended + mlp.call(norm2.call(attended));
        }
    }
}
