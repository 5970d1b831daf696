using Px.Pruning.Models.Blocks;
using Px.Pruning.Models.Initialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Models;

/// <summary>A VGG network: five stages of 3×3 convolutions with max-pooling between them, then three linear layers, or one for
/// CIFAR.</summary>
/// <remarks>
/// <para><b>Shape:</b> [B, <see cref="VggOptions.InputChannels"/>, H, W] → [B, <see cref="VggOptions.Classes"/>], logits. The smallest H
/// and W are <see cref="VggLayout"/>'s.</para>
/// <para><b>Names:</b> torchvision's: <c>features.0.weight</c>, <c>classifier.6.weight</c>, …, so that official state dicts load with no
/// renaming. The CIFAR layout's convolutions have the same; its linear layer is <c>classifier.weight</c> and <c>classifier.bias</c>.</para>
/// <para><b>Biases:</b> convolutions have them, also before batch norm, as torchvision's and the PX paper's do.</para>
/// <para><b>Hooks:</b> every ReLU is a module, used once and not in place, and every child runs through <c>call</c>, so that hooks see each
/// one.</para>
/// <para><b>Source:</b> Simonyan and Zisserman, ICLR 2015, <see href="https://arxiv.org/abs/1409.1556"/>.</para>
/// </remarks>
/// <example><code>using var network = Vgg.Create(new() { Depth = 16, Classes = 10, Seed = 1 });</code></example>
public sealed class Vgg : nn.Module<Tensor, Tensor>
{
    private readonly Sequential features;
    private readonly AdaptiveAvgPool2d avgpool;
    private readonly nn.Module<Tensor, Tensor> classifier;

    private Vgg(VggOptions options)
        : base($"VGG-{options.Depth}")
    {
        var imageNet = options.Layout == VggLayout.ImageNet;
        register_module("features", features = Features(options));
        register_module("avgpool", avgpool = nn.AdaptiveAvgPool2d(imageNet ? 7 : 1));
        register_module("classifier", classifier = imageNet ? Classifier(options) : nn.Linear(8L * options.Width, options.Classes));
        Options = options;
    }

    /// <summary>The options that the network was created with.</summary>
    public VggOptions Options { get; }

    private long ImageSize => Options.Layout == VggLayout.ImageNet ? 224 : 32;

    /// <summary>Creates a network on the CPU, in float32 and in training mode. The caller disposes it.</summary>
    /// <param name="options">Depth, norms, layout, classes, width, initialisation, seed; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    public static Vgg Create(VggOptions? options = null)
    {
        options ??= new VggOptions();
        options.Validate();
        using var random = SeededRandom.From(options.Seed);
        var model = new Vgg(options);
        if (options.Initialization == WeightInitialization.FanIn)
            KaimingNormal.Initialize(model, random.Generator);
        else
            FanOutNormal.Initialize(model, random.Generator, FanOutNormal.DrawNarrowNormal);
        return model;
    }

    /// <summary>Computes the logits [B, classes] of images [B, C, H, W]. The caller disposes them.</summary>
    /// <param name="input">Images of the type and on the device of the weights.</param>
    public override Tensor forward(Tensor input)
    {
        using var activations = NewDisposeScope();
        var x = Chain.Call(input, features, avgpool);
        return classifier.call(x.flatten(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Lists layers, shapes, parameters and FLOPs for one image of 224×224, or 32×32 in the CIFAR layout: a
    /// <see cref="ModelSummary"/>, for which the network runs once.</summary>
    public override string ToString() => ModelSummary.Of(this, Options.InputChannels, ImageSize, ImageSize).ToString();

    /// <summary>Does nothing: the constructor registers every child.</summary>
    protected override void RegisterComponents()
    {
    }

    private static Sequential Features(VggOptions options)
    {
        var layers = new List<nn.Module<Tensor, Tensor>>();
        long channels = options.InputChannels;
        for (var stage = 0; stage < options.Stages.Length; stage++)
        {
            var outputs = (long)options.Width << Math.Min(stage, 3);
            for (var i = 0; i < options.Stages[stage]; i++)
            {
                layers.Add(nn.Conv2d(channels, outputs, kernel_size: 3, padding: 1));
                if (options.BatchNorm)
                    layers.Add(nn.BatchNorm2d(outputs));
                layers.Add(nn.ReLU());
                channels = outputs;
            }

            if (stage < 4 || options.Layout == VggLayout.ImageNet)
                layers.Add(nn.MaxPool2d(kernel_size: 2, stride: 2));
        }

        return nn.Sequential(layers);
    }

    private static Sequential Classifier(VggOptions options)
    {
        var hidden = 64L * options.Width;
        return nn.Sequential(
            nn.Linear(7 * 7 * 8L * options.Width, hidden), nn.ReLU(), nn.Dropout(options.Dropout),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(options.Dropout),
            nn.Linear(hidden, options.Classes));
    }
}
