using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>
/// A vision transformer of modules: patches of 4 × 4, blocks of attention and GELU layers behind layer norms, the mean of all tokens,
/// a classifier. Inputs [B, 3, 8, 8] or larger.
/// </summary>
internal sealed class SmallTransformer : Module<Tensor, Tensor>
{
    private readonly Conv2d patches;
    private readonly ModuleList<Block> blocks;
    private readonly LayerNorm norm;
    private readonly Linear head;
    private readonly TorchSharp.Modules.Parameter? token, position;

    /// <param name="patchesOfAnImage">
    /// For a class token and a position embedding, which are raw parameters: the classifier reads the token, and images have so many patches.
    /// </param>
    internal SmallTransformer(int width = 16, int depth = 2, int heads = 4, bool fused = true, int classes = 4, int? patchesOfAnImage = null)
        : base(nameof(SmallTransformer))
    {
        if (patchesOfAnImage is { } count)
        {
            token = new(randn(1, 1, width) * 0.02);
            position = new(randn(1, 1 + count, width) * 0.02);
        }

        patches = Conv2d(3, width, 4, stride: 4);
        blocks = ModuleList(Enumerable.Range(0, depth).Select(_ => new Block(width, heads, fused)).ToArray());
        norm = LayerNorm(width);
        head = Linear(width, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var tokens = patches.call(input).flatten(2).transpose(1, 2); // [B, N, D]
        if (token is not null) tokens = cat(new List<Tensor> { token.expand(input.size(0), -1, -1), tokens }, 1) + position!;
        foreach (var block in blocks) tokens = block.call(tokens);
        return head.call(token is null ? norm.call(tokens).mean([1]) : norm.call(tokens).select(1, 0));
    }

    internal sealed class Block : Module<Tensor, Tensor>
    {
        private readonly LayerNorm norm1, norm2;
        private readonly Attention attention;
        private readonly Linear fc1, fc2;
        private readonly GELU act = GELU();

        internal Block(int width, int heads, bool fused) : base(nameof(Block))
        {
            (norm1, norm2) = (LayerNorm(width), LayerNorm(width));
            attention = new Attention(width, heads, fused);
            (fc1, fc2) = (Linear(width, 2 * width), Linear(2 * width, width));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var x = input + attention.call(norm1.call(input));
            return x + fc2.call(act.call(fc1.call(norm2.call(x))));
        }
    }

    internal sealed class Attention : Module<Tensor, Tensor>
    {
        private readonly int heads;
        private readonly Linear? qkv, query, key, value;
        private readonly Softmax softmax = Softmax(-1);
        private readonly Dropout drop = Dropout(0.1);
        private readonly Linear proj;

        internal Attention(int width, int heads, bool fused) : base(nameof(Attention))
        {
            this.heads = heads;
            if (fused) qkv = Linear(width, 3 * width);
            else (query, key, value) = (Linear(width, width), Linear(width, width), Linear(width, width));
            proj = Linear(width, width);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var (q, k, v) = qkv is not null && qkv.call(input).chunk(3, 2) is [var a, var b, var c]
                ? (a, b, c)
                : (query!.call(input), key!.call(input), value!.call(input));
            var weights = drop.call(softmax.call(Heads(q).matmul(Heads(k).transpose(2, 3)) / Math.Sqrt(input.size(2) / heads)));
            return proj.call(weights.matmul(Heads(v)).transpose(1, 2).flatten(2));
        }

        private Tensor Heads(Tensor x) => x.reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2); // [B, H, N, D / H]
    }
}
