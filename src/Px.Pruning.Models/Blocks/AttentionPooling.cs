using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Blocks;

// CLIP's pooling: multi-head attention over the positions of a feature map and their mean, asked by the mean. [B, C, H, W] → [B, outputs].
// With tokens t₀ = mean(x), t₁ … t_HW = x, each plus its position embedding: softmax(q(t₀)·k(t)ᵀ / √d)·v(t) for each head of size d, then
// the output projection.
// Source: Radford et al. 2021, section 2.4, after Vaswani et al. 2017, section 3.2.
internal sealed class AttentionPooling : nn.Module<Tensor, Tensor>
{
    private const int HeadSize = 64; // in all of CLIP's networks

    private const string Positions = "positional_embedding";

    private readonly int side;
    private readonly Linear query, key, value, output;

    internal AttentionPooling(int side, int channels, int outputs)
        : base(nameof(AttentionPooling))
    {
        this.side = side;
        var positions = nn.Parameter(zeros((side * side) + 1, channels));
        positions.DetachFromDisposeScope();
        register_parameter(Positions, positions);
        register_module("k_proj", key = nn.Linear(channels, channels));
        register_module("q_proj", query = nn.Linear(channels, channels));
        register_module("v_proj", value = nn.Linear(channels, channels));
        register_module("c_proj", output = nn.Linear(channels, outputs));
    }

    // Position embeddings and projections from N(0, 1/C), as CLIP's authors begin; biases as PyTorch leaves them.
    // generator: the source of random numbers; null for torch's global state.
    internal void Initialize(Generator? generator)
    {
        using var temporaries = NewDisposeScope();
        using var untracked = no_grad();
        var deviation = 1 / Math.Sqrt(query.in_features);
        get_parameter(Positions)!.normal_(0, deviation, generator);
        foreach (var projection in new[] { key, query, value, output })
            projection.weight.normal_(0, deviation, generator);
    }

    public override Tensor forward(Tensor input)
    {
        if (input.shape[2] != side || input.shape[3] != side)
        {
            throw new ArgumentException(
                $"The feature map is {input.shape[2]}×{input.shape[3]}, but there are position embeddings for {side}×{side}: attention "
                + "pooling takes images of "
                + $"{32 * side}×{32 * side} only. Resize the images, or set InputResolution or Pooling otherwise.", nameof(input));
        }

        using var activations = NewDisposeScope();
        var x = input.flatten(2).transpose(1, 2);                                       // [B, HW, C]
        var tokens = cat([x.mean([1], keepdim: true), x], 1).add(get_parameter(Positions)!); // [B, 1 + HW, C]
        var query = Heads(this.query.call(tokens.narrow(1, 0, 1)));                         // [B, heads, 1, d]
        var key = Heads(this.key.call(tokens));                                             // [B, heads, 1 + HW, d]
        var weights = query.matmul(key.transpose(2, 3)).div(Math.Sqrt(HeadSize)).softmax(3);
        var pooled = weights.matmul(Heads(value.call(tokens))).flatten(1);             // [B, heads · 1 · d]
        return output.call(pooled).MoveToOuterDisposeScope();
    }

    // The constructor registers every child.
    protected override void RegisterComponents()
    {
    }

    // [B, L, heads · d] → [B, heads, L, d]
    private static Tensor Heads(Tensor tokens) => tokens.unflatten(2, tokens.shape[2] / HeadSize, HeadSize).transpose(1, 2);
}
