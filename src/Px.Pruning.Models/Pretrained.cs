using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.StateDicts.Checkpoints;
using static TorchSharp.torch;

namespace Px.Pruning.Models;

/// <summary>Creates networks with the weights of the PX paper's three pre-trainings, read from the user's files, each with a new last layer
/// or as DeepLab's backbone.</summary>
/// <remarks>
/// <para>Files are PyTorch checkpoints or safetensors files; the content tells, not the name. Half precision is widened.
/// Everything but the new layers must be there and fit. To keep a file's own classifier, create the network and load the file into it
/// instead.</para>
/// <para>Networks are on the CPU, in float32 and in training mode; the caller disposes them.</para>
/// <para><b>Deviation:</b> the PX paper's code puts CLIP's weights into a plain ResNet-50, whose stem then stays random; here they are in
/// CLIP's own network.</para>
/// <para><b>Source:</b> Iurada, Ciccone, Tommasi, CVPR 2024, section 4, <see href="https://arxiv.org/abs/2406.01820"/>; MoCo v2: Chen et
/// al. 2020, <see href="https://arxiv.org/abs/2003.04297"/>; CLIP: Radford et al., ICML 2021,
/// <see href="https://arxiv.org/abs/2103.00020"/>.</para>
/// </remarks>
/// <example><code>using var network = Pretrained.ImageNet("resnet50-0676ba61.pth");</code></example>
public static class Pretrained
{
    private const string Classifier = "fc.", AttentionPool = "attnpool.";

    /// <summary>Creates a ResNet pre-trained on ImageNet with labels, with a new classifier <c>fc</c> instead of the file's.</summary>
    /// <param name="path">torchvision's file for that depth, such as <c>resnet50-19c8e357.pth</c>.</param>
    /// <param name="options">Classes, seed of the new classifier, and what must match the file; null for 1,000 new classes on a
    /// ResNet-50.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or another one.</exception>
    /// <exception cref="StateDictMismatchException">The file is for another depth or width.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static ResNet ImageNet(string path, ResNetOptions? options = null) => Classify(Pretraining.ImageNet, path, options);

    /// <summary>Creates a ResNet pre-trained by MoCo v2, with a new classifier <c>fc</c> instead of the projection that contrasts
    /// images.</summary>
    /// <param name="path">The authors' checkpoint, such as <c>moco_v2_800ep_pretrain.pth.tar</c>; the encoder for queries is taken,
    /// <c>module.encoder_q.*</c>.</param>
    /// <param name="options">Classes, seed of the new classifier, and what must match the file; null for 1,000 new classes on a
    /// ResNet-50.</param>
    /// <inheritdoc cref="ImageNet" path="/exception"/>
    public static ResNet MoCoV2(string path, ResNetOptions? options = null) => Classify(Pretraining.MoCoV2, path, options);

    /// <summary>Creates CLIP's image encoder RN50, with a new classifier <c>fc</c> if <see cref="ClipResNetOptions.Classes"/> asks for
    /// one.</summary>
    /// <param name="path">A state dict saved from Python, of the whole of CLIP (<c>visual.*</c> is taken) or of its image encoder alone.
    /// OpenAI's own file is a TorchScript archive, which has to be saved anew.</param>
    /// <param name="options">Pooling, classes, seed, and what must match the file; null for CLIP's embeddings.</param>
    /// <inheritdoc cref="ImageNet" path="/exception"/>
    public static ClipResNet Clip(string path, ClipResNetOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ClipResNetOptions();
        options.Validate();
        string[] left = options.Pooling == ClipPooling.Average ? [Classifier, AttentionPool] : [Classifier];
        return Load(PretrainedLayout.Of(Pretraining.Clip), path, () => ClipResNet.Create(options), "", Classifier, left);
    }

    /// <summary>Creates a DeepLab, V3+ by default, on a pre-trained backbone with a new head.</summary>
    /// <param name="pretraining">What the file holds. <see cref="Pretraining.Clip"/> takes <see cref="DeepLabBackbone.ClipResNet"/>, the
    /// others <see cref="DeepLabBackbone.ResNet"/>.</param>
    /// <param name="path">A file as for <see cref="ImageNet"/>, <see cref="MoCoV2"/> or <see cref="Clip"/>.</param>
    /// <param name="options">Version, classes, output stride, seed of the new head, and what must match the file; null for the defaults.
    /// Its backbone is set to what <paramref name="pretraining"/> takes.</param>
    /// <inheritdoc cref="ImageNet" path="/exception"/>
    public static DeepLab DeepLab(Pretraining pretraining, string path, DeepLabOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var layout = PretrainedLayout.Of(pretraining);
        options = (options ?? new DeepLabOptions()) with { Backbone = pretraining == Pretraining.Clip ? DeepLabBackbone.ClipResNet
            : DeepLabBackbone.ResNet };
        options.Validate();
        return Load(layout, path, () => Models.DeepLab.Create(options), "backbone.", "classifier.", Classifier, AttentionPool);
    }

    private static ResNet Classify(Pretraining pretraining, string path, ResNetOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ResNetOptions();
        options.Validate();
        return Load(PretrainedLayout.Of(pretraining), path, () => ResNet.Create(options), "", Classifier, Classifier);
    }

    // create: makes the network, once the file is known to be the right one.
    private static TModel Load<TModel>(PretrainedLayout layout, string path, Func<TModel> create, string prefix, string fresh,
        params string[] left)
        where TModel : nn.Module
    {
        using var file = CheckpointReader.Recognizes(path) ? CheckpointFile.Load(path) : SafetensorsFile.Load(path);
        var (unwrapped, _) = KeyPrefix.Remove(file, null);
        var tensors = layout.Select(path, unwrapped, left).ToDictionary(pair => prefix + pair.Key, pair => pair.Value);
        var model = create();
        try
        {
            foreach (var (name, own) in model.state_dict().Where(pair => pair.Key.StartsWith(fresh, StringComparison.Ordinal)))
                tensors.Add(name, own);
            model.LoadStateDict(tensors);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
