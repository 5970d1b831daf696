using Px.Pruning.Models.Blocks;
using Px.Pruning.Models.Initialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models;

/// <summary>A residual network for ImageNet-sized images: a stem, four stages of blocks, the mean over the image, one linear layer.
/// Wide, grouped, narrow and dilated variants by options.</summary>
/// <remarks>
/// <para><b>Shape:</b> [B, <see cref="ResNetOptions.InputChannels"/>, H, W] → [B, <see cref="ResNetOptions.Classes"/>], logits. H and W of
/// any size, 224 in the papers.</para>
/// <para><b>Names:</b> torchvision's: <c>conv1.weight</c>, <c>layer1.0.conv1.weight</c>, <c>layer2.0.downsample.0.weight</c>,
/// <c>fc.weight</c>, …, so that official state dicts load with no renaming.</para>
/// <para><b>Stride:</b> bottlenecks have it in the 3×3 convolution, as torchvision's and the PX paper's networks ("ResNet v1.5").</para>
/// <para><b>Hooks:</b> every ReLU is a module, used once and not in place, and every child runs through <c>call</c>, so that hooks see each
/// one.</para>
/// <para><b>Source:</b> He et al., CVPR 2016, <see href="https://arxiv.org/abs/1512.03385"/>; wide: Zagoruyko and Komodakis, BMVC 2016,
/// <see href="https://arxiv.org/abs/1605.07146"/>; dilation: Chen et al. 2017, <see href="https://arxiv.org/abs/1706.05587"/>; last norm 0:
/// Goyal et al. 2017, <see href="https://arxiv.org/abs/1706.02677"/>.</para>
/// </remarks>
/// <example><code>
/// using var network = ResNet.Create(new() { Depth = 18, Classes = 10, Stem = ResNetStem.ThreeByThree, Seed = 1 });
/// </code></example>
public sealed class ResNet : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor>[] features;
    private readonly Linear fc;

    private ResNet(ResNetOptions options)
        : base($"ResNet-{options.Depth}")
    {
        var trunk = new ResNetTrunk(this, options);
        var avgpool = nn.AdaptiveAvgPool2d(1);
        register_module("avgpool", avgpool);
        register_module("fc", fc = nn.Linear(trunk.Channels, options.Classes));
        features = [.. trunk.UpToLowLevel, .. trunk.FromLowLevel, avgpool];
        Options = options;
    }

    /// <summary>The options that the network was created with.</summary>
    public ResNetOptions Options { get; }

    private long ImageSize => Options.Stem == ResNetStem.SevenBySeven ? 224 : 64;

    /// <summary>Creates a network on the CPU, in float32 and in training mode. The caller disposes it.</summary>
    /// <param name="options">Depth, classes, width, stem, dilation, initialisation, seed; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    public static ResNet Create(ResNetOptions? options = null)
    {
        options ??= new ResNetOptions();
        options.Validate();
        using var random = SeededRandom.From(options.Seed);
        var model = new ResNet(options);
        Initialize(model, options.Initialization, random.Generator);
        return model;
    }

    /// <summary>Computes the logits [B, classes] of images [B, C, H, W]. The caller disposes them.</summary>
    /// <param name="input">Images of the type and on the device of the weights.</param>
    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var x = Chain.Call(input, features);
        return fc.call(x.flatten(1)).MoveToOuterDisposeScope();
    }

    // Draws the weights of all convolutions and linear layers in a module; norms stay as they are.
    internal static void Initialize(nn.Module model, WeightInitialization initialization, Generator? generator)
    {
        if (initialization == WeightInitialization.FanIn)
            KaimingNormal.Initialize(model, generator);
        else
            FanOutNormal.Initialize(model, generator, FanOutNormal.DrawUniform);
    }

    /// <summary>Lists layers, shapes, parameters and FLOPs for one image of 224×224, or 64×64 with the 3×3 stem: a
    /// <see cref="ModelSummary"/>, for which the network runs once.</summary>
    public override string ToString() => ModelSummary.Of(this, Options.InputChannels, ImageSize, ImageSize).ToString();

    /// <summary>Does nothing: the constructor registers every child.</summary>
    protected override void RegisterComponents()
    {
    }
}
