using Px.Pruning.Models.Blocks;
using Px.Pruning.Models.Initialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models;

/// <summary>The image encoder of CLIP's RN50: a ResNet-50 with a stem of three convolutions, average pools instead of strides, and
/// attention pooling.</summary>
/// <remarks>
/// <para><b>Shape:</b> [B, <see cref="ClipResNetOptions.InputChannels"/>, H, W] → [B, <see cref="ClipResNetOptions.Classes"/>] logits;
/// without a classifier [B, <see cref="ClipResNetOptions.EmbeddingSize"/>] embeddings, not normalised, or [B, 32 ·
/// <see cref="ClipResNetOptions.Width"/>] features with average pooling.</para>
/// <para><b>Names:</b> those of CLIP's state dict behind its prefix <c>visual.</c>: <c>conv1.weight</c>,
/// <c>layer1.0.downsample.0.weight</c>, <c>attnpool.positional_embedding</c>, <c>attnpool.q_proj.weight</c>, …; the new classifier is
/// <c>fc</c>. <see cref="Pretrained.Clip"/> reads such files.</para>
/// <para><b>Initialisation:</b> convolutions Kaiming normal with fan-out, as in this library's other ImageNet networks; attention and its
/// position embeddings N(0, 1/C) as CLIP's authors begin; the classifier as PyTorch leaves it; norms 1 and 0.
/// <b>Deviation:</b> the authors begin with scale 0 in each block's last norm, which would hide the blocks from every pruning score.</para>
/// <para><b>Hooks:</b> every ReLU is a module, used once and not in place, and every child runs through <c>call</c>, so that hooks see each
/// one. PX needs <see cref="ClipPooling.Average"/>: attention's softmax and products of activations have no paths.</para>
/// <para><b>Source:</b> Radford et al., ICML 2021, section 2.4, <see href="https://arxiv.org/abs/2103.00020"/>.</para>
/// </remarks>
/// <example><code>using var network = ClipResNet.Create();</code></example>
public sealed class ClipResNet : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor>[] features;
    private readonly AttentionPooling? attention;
    private readonly Linear? classifier;

    private ClipResNet(ClipResNetOptions options)
        : base("CLIP ResNet-50")
    {
        var trunk = new ClipTrunk(this, options.InputChannels, options.Width, outputStride: 32);
        nn.Module<Tensor, Tensor> pooling = options.Pooling == ClipPooling.Average
            ? nn.AdaptiveAvgPool2d(1)
            : attention = new AttentionPooling(options.InputResolution / 32, (int)trunk.Channels, options.EmbeddingSize);
        register_module("attnpool", pooling);
        if (options.Classes is { } classes)
            register_module("fc", classifier = nn.Linear(attention is null ? trunk.Channels : options.EmbeddingSize, classes));
        features = [.. trunk.UpToLowLevel, .. trunk.FromLowLevel, pooling];
        Options = options;
    }

    /// <summary>The options that the network was created with.</summary>
    public ClipResNetOptions Options { get; }

    /// <summary>Creates a network on the CPU, in float32 and in training mode. The caller disposes it.</summary>
    /// <param name="options">Pooling, classes, sizes, seed; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    public static ClipResNet Create(ClipResNetOptions? options = null)
    {
        options ??= new ClipResNetOptions();
        options.Validate();
        using var random = SeededRandom.From(options.Seed);
        var model = new ClipResNet(options);
        FanOutNormal.Initialize(model, random.Generator, FanOutNormal.DrawUniform);
        model.attention?.Initialize(random.Generator);
        return model;
    }

    /// <summary>Computes logits, embeddings or features [B, outputs] of images [B, C, H, W]. The caller disposes them.</summary>
    /// <param name="input">Images of the type and on the device of the weights.</param>
    /// <exception cref="ArgumentException">Attention pooling was made for images of another size.</exception>
    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var x = Chain.Call(input, features).flatten(1); // [B, C, 1, 1] from average pooling, [B, E] from attention
        return (classifier is null ? x : classifier.call(x)).MoveToOuterDisposeScope();
    }

    /// <summary>Lists layers, shapes, parameters and FLOPs for one image of <see cref="ClipResNetOptions.InputResolution"/>: a
    /// <see cref="ModelSummary"/>, for which the network runs once.</summary>
    public override string ToString() =>
        ModelSummary.Of(this, Options.InputChannels, Options.InputResolution, Options.InputResolution).ToString();

    /// <summary>Does nothing: the constructor registers every child.</summary>
    protected override void RegisterComponents()
    {
    }
}
