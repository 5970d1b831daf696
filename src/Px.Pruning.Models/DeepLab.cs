using Px.Pruning.Models.Blocks;
using Px.Pruning.Models.Initialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models;

/// <summary>DeepLabV3 or DeepLabV3+ for semantic segmentation: a dilated backbone, atrous spatial pyramid pooling, in V3+ a decoder,
/// logits enlarged to the image.</summary>
/// <remarks>
/// <para><b>Shape:</b> [B, <see cref="DeepLabOptions.InputChannels"/>, H, W] → [B, <see cref="DeepLabOptions.Classes"/>, H, W], logits, for
/// any H and W; one tensor, so that losses and pruners take it as it is.</para>
/// <para><b>Names:</b> <c>backbone.*</c> as in the backbone itself. V3 has torchvision's: <c>classifier.0.convs.*</c>,
/// <c>classifier.0.project.*</c>, <c>classifier.1</c>, <c>classifier.2</c>, <c>classifier.4</c>. V3+ has those of the PyTorch
/// implementation that the PX paper follows: <c>classifier.project.*</c>, <c>classifier.aspp.convs.*</c>, <c>classifier.aspp.project.*</c>,
/// <c>classifier.classifier.*</c>. There is no auxiliary classifier: where torchvision's files have <c>aux_classifier.*</c>,
/// <see cref="StateDicts.StateDictOptions.AllowUnexpected"/> ignores it.</para>
/// <para><b>Initialisation:</b> the backbone Kaiming normal with fan-out, the head with fan-in, as in the PX paper's code; the last layer's
/// bias uniform in ±1/√fan_in, norms 1 and 0.</para>
/// <para><b>Training:</b> needs batches of 2 or more: one branch's batch norm sees one value for each channel and image.</para>
/// <para><b>Deviation:</b> separable convolutions have no norm or ReLU between their parts, and the backbone has none of them.</para>
/// <para><b>Hooks:</b> every ReLU is a module, used once and not in place, and every child runs through <c>call</c>, so that hooks see each
/// one.</para>
/// <para><b>Source:</b> Chen et al. 2017, <see href="https://arxiv.org/abs/1706.05587"/>, and Chen et al., ECCV 2018,
/// <see href="https://arxiv.org/abs/1802.02611"/>.</para>
/// </remarks>
/// <example><code>using var network = DeepLab.Create(new() { Classes = 21, Seed = 1 });</code></example>
public sealed class DeepLab : nn.Module<Tensor, Tensor>
{
    private readonly Backbone backbone;
    private readonly DeepLabDecoder? decoder;
    private readonly Sequential? head;

    private DeepLab(DeepLabOptions options)
        : base($"DeepLabV3{(options.Version == DeepLabVersion.V3Plus ? "+" : "")} on "
        + $"{(options.Backbone == DeepLabBackbone.ResNet ? "" : "CLIP ")}ResNet-{options.Depth}")
    {
        register_module("backbone", backbone = options.Backbone == DeepLabBackbone.ResNet
            ? Backbone.Of(options.ResNet)
            : Backbone.OfClip(options.InputChannels, options.Width, options.OutputStride));
        if (options.Version == DeepLabVersion.V3Plus)
            register_module("classifier", decoder = new DeepLabDecoder(backbone.LowLevelChannels, backbone.HighChannels, options));
        else
            register_module("classifier", head = Head(backbone.HighChannels, options));
        Options = options;
    }

    /// <summary>The options that the network was created with.</summary>
    public DeepLabOptions Options { get; }

    /// <summary>Creates a network on the CPU, in float32 and in training mode. The caller disposes it.</summary>
    /// <param name="options">Version, backbone, classes, output stride, sizes, seed; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    public static DeepLab Create(DeepLabOptions? options = null)
    {
        options ??= new DeepLabOptions();
        options.Validate();
        using var random = SeededRandom.From(options.Seed);
        var model = new DeepLab(options);
        FanOutNormal.Initialize(model.backbone, random.Generator, FanOutNormal.DrawUniform);
        KaimingNormal.Initialize(model.decoder ?? (nn.Module)model.head!, random.Generator);
        return model;
    }

    /// <summary>Computes the logits [B, classes, H, W] of images [B, C, H, W]. The caller disposes them.</summary>
    /// <param name="input">Images of the type and on the device of the weights.</param>
    /// <exception cref="InvalidOperationException">The batch has one image, and the network is in training mode.</exception>
    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var (low, high) = backbone.call(input);
        var logits = decoder is null ? head!.call(high) : decoder.call(low, high);
        return BilinearResize.Call(logits, input).MoveToOuterDisposeScope();
    }

    /// <summary>Lists layers, shapes, parameters and FLOPs for one image of 256×256: a <see cref="ModelSummary"/>, for which the network
    /// runs once.</summary>
    public override string ToString() => ModelSummary.Of(this, Options.InputChannels, 256, 256).ToString();

    /// <summary>Does nothing: the constructor registers every child.</summary>
    protected override void RegisterComponents()
    {
    }

    private static Sequential Head(long inputs, DeepLabOptions options)
    {
        var channels = options.HeadChannels;
        return nn.Sequential(
            new AtrousPyramid(inputs, options),
            SeparableConvolution.Create(options.SeparableConvolutions, channels, channels),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, options.Classes, kernel_size: 1));
    }
}
