using Px.Pruning.Models.Blocks;
using Px.Pruning.Models.Initialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models;

/// <summary>A residual network for small images: a 3×3 convolution, three stages of basic blocks at full, half and quarter resolution,
/// the mean over the image, one linear layer.</summary>
/// <remarks>
/// <para><b>Shape:</b> [B, <see cref="CifarResNetOptions.InputChannels"/>, H, W] → [B, <see cref="CifarResNetOptions.Classes"/>], logits.
/// Made for 28×28 and 32×32; larger images need not be square.</para>
/// <para><b>Names:</b> PyTorch's: <c>conv1.weight</c>, <c>bn1.weight</c>, <c>layer1.0.conv1.weight</c>, …, so that state dicts from the
/// Python world load with no renaming.</para>
/// <para><b>Initialisation:</b> weights of convolutions and of the classifier Kaiming normal with fan-in, std = √(2 / fan_in), as in the
/// protocol of the pruning-at-initialisation papers; the classifier's bias uniform in ±1/√fan_in, as PyTorch leaves it; norms 1 and
/// 0.</para>
/// <para><b>Hooks:</b> every ReLU is a module, used once and not in place, and every child runs through <c>call</c>, so that hooks see each
/// one.</para>
/// <para><b>Source:</b> He et al., CVPR 2016, section 4.2, <see href="https://arxiv.org/abs/1512.03385"/>.</para>
/// </remarks>
/// <example><code>using var network = CifarResNet.Create(new() { Depth = 20, Seed = 1 });</code></example>
public sealed class CifarResNet : nn.Module<Tensor, Tensor>
{
    // The children's names that are not the caller's choice.
    internal static readonly IReadOnlyList<string> Names = ["conv1", "bn1", "relu", "layer1", "layer2", "layer3", "avgpool"];

    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly ReLU relu;
    private readonly Sequential layer1, layer2, layer3;
    private readonly AdaptiveAvgPool2d avgpool;
    private readonly Linear classifier;

    private CifarResNet(CifarResNetOptions options)
        : base($"ResNet-{options.Depth}")
    {
        var width = options.Width;
        register_module("conv1", conv1 = nn.Conv2d(options.InputChannels, width, kernel_size: 3, padding: 1, bias: false));
        register_module("bn1", bn1 = nn.BatchNorm2d(width));
        register_module("relu", relu = nn.ReLU());
        register_module("layer1", layer1 = Stage(options, width, width));
        register_module("layer2", layer2 = Stage(options, width, 2 * width));
        register_module("layer3", layer3 = Stage(options, 2 * width, 4 * width));
        register_module("avgpool", avgpool = nn.AdaptiveAvgPool2d(1));
        register_module(options.ClassifierName, classifier = nn.Linear(4 * width, options.Classes));
        Options = options;
    }

    /// <summary>The options that the network was created with.</summary>
    public CifarResNetOptions Options { get; }

    /// <summary>Creates a network on the CPU, in float32 and in training mode. The caller disposes it.</summary>
    /// <param name="options">Depth, classes, channels, shortcuts, names, seed; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    public static CifarResNet Create(CifarResNetOptions? options = null)
    {
        options ??= new CifarResNetOptions();
        options.Validate();
        using var random = SeededRandom.From(options.Seed);
        var model = new CifarResNet(options);
        KaimingNormal.Initialize(model, random.Generator);
        return model;
    }

    /// <summary>Computes the logits [B, classes] of images [B, C, H, W]. The caller disposes them.</summary>
    /// <param name="input">Images of the type and on the device of the weights.</param>
    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var x = Chain.Call(input, conv1, bn1, relu, layer1, layer2, layer3, avgpool);
        return classifier.call(x.flatten(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Lists layers, shapes, parameters and FLOPs for one image of 32×32: a <see cref="ModelSummary"/>, for which the network runs
    /// once.</summary>
    public override string ToString() => ModelSummary.Of(this, Options.InputChannels, 32, 32).ToString();

    /// <summary>Does nothing: the constructor registers every child, two of them under the names that the caller asked for.</summary>
    protected override void RegisterComponents()
    {
    }

    private static Sequential Stage(CifarResNetOptions options, int inputs, int outputs)
    {
        var blocks = new nn.Module<Tensor, Tensor>[(options.Depth - 2) / 6];
        for (var i = 0; i < blocks.Length; i++)
        {
            var from = i == 0 ? inputs : outputs;
            blocks[i] = new BasicBlock(new BlockOptions
            {
                Inputs = from,
                Outputs = outputs,
                Stride = from == outputs ? 1 : 2,
                Shortcut = options.Shortcut,
                ShortcutName = options.ShortcutName,
            });
        }

        return nn.Sequential(blocks);
    }
}
