using System.Globalization;
using Px.Pruning.Models;
using Px.Pruning.Models.StateDicts;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Comparison;

/// <summary>What both sides prune: a CIFAR ResNet and one batch of noise. Written to a folder, from which either side reads it.</summary>
/// <param name="Depth">Of the ResNet: 6n + 2.</param>
/// <param name="Width">Channels of its first stage.</param>
/// <param name="Batch">Images of 3×32×32.</param>
internal sealed record Problem(int Depth, int Width, int Batch)
{
    private const int ImageSize = 32;
    private const string ModelFile = "model.safetensors", BatchFile = "batch.safetensors";

    /// <summary>ResNet-20 and 128 images.</summary>
    internal static Problem Standard { get; } = new(20, 16, 128);

    /// <summary>A network that runs all of the code and takes no time.</summary>
    /// <remarks>
    /// Not narrower: where images lie channels last, the weight gradient of a 1×1 convolution with stride and less than a vector of input
    /// channels writes beyond its buffer in libtorch 2.10, <see href="https://github.com/uxlfoundation/oneDNN/issues/6035"/>.
    /// </remarks>
    internal static Problem Tiny { get; } = new(8, 16, 4);

    /// <summary>The arguments of a worker: folder, depth, width.</summary>
    internal string[] Arguments(string folder) =>
        [folder, Depth.ToString(CultureInfo.InvariantCulture), Width.ToString(CultureInfo.InvariantCulture)];

    /// <summary>A fresh network, the same at every call.</summary>
    internal CifarResNet CreateModel() => CifarResNet.Create(new CifarResNetOptions { Depth = Depth, Width = Width, Seed = 1 });

    /// <summary>The batch, the same at every call.</summary>
    internal (Tensor Input, Tensor Target) CreateBatch(int imageSize = ImageSize)
    {
        using var generator = new Generator(1);
        return (randn([Batch, 3, imageSize, imageSize], generator: generator), arange(Batch, int64).remainder(10));
    }

    internal void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        using var model = CreateModel();
        model.SaveSafetensors(Path.Combine(folder, ModelFile));
        using var scope = NewDisposeScope();
        var (input, target) = CreateBatch();
        SafetensorsFile.Save(Path.Combine(folder, BatchFile), new Dictionary<string, Tensor> { ["input"] = input, ["target"] = target });
    }

    /// <summary>The network and the batch of a folder. The caller disposes them.</summary>
    internal (CifarResNet Model, Tensor Input, Tensor Target) Load(string folder)
    {
        var model = CreateModel();
        model.LoadSafetensors(Path.Combine(folder, ModelFile));
        using var batch = SafetensorsFile.Load(Path.Combine(folder, BatchFile));
        return (model, batch["input"].clone(), batch["target"].clone());
    }
}
