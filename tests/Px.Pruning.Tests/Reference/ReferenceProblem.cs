using Px.Pruning.Engine;
using Px.Pruning.Models;
using Px.Pruning.Tests.Reference.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference;

/// <summary>A golden file's network with the oracle's weights, and its data. Owns both.</summary>
internal sealed class ReferenceProblem : IDisposable
{
    private readonly Tensor images, labels;

    private ReferenceProblem(nn.Module<Tensor, Tensor> model, Tensor images, Tensor labels, long[] sizes)
    {
        (Model, this.images, this.labels) = (model, images, labels);
        Batches = images.split(sizes).Zip(labels.split(sizes), (input, target) => (input, target)).ToList();
    }

    public nn.Module<Tensor, Tensor> Model { get; }

    /// <summary>Float64 images [B, C, H, W] and int64 class indices [B], or [B, H, W] where the network has an output for every pixel.</summary>
    public IReadOnlyList<(Tensor Input, Tensor Target)> Batches { get; }

    public static ReferenceProblem Create(GoldenFile golden, ScalarType type)
    {
        var model = Network(golden.Network).to(type);
        Fill(model, golden);
        var samples = golden.Batches.Sum();
        return new ReferenceProblem(
            model,
            DeterministicTensors.Images(samples, golden.InputShape, golden.Seed).DetachFromDisposeScope(),
            Labels(golden, samples).DetachFromDisposeScope(),
            golden.Batches);
    }

    public void Dispose()
    {
        foreach (var (input, target) in Batches)
        {
            input.Dispose();
            target.Dispose();
        }
        images.Dispose();
        labels.Dispose();
        Model.Dispose();
    }

    private static nn.Module<Tensor, Tensor> Network(string name) => name switch
    {
        "plain-convnet" => new PlainConvNet(),
        "norm-free" => new NormFreeNet(),
        "resnet20" => CifarResNet.Create(new CifarResNetOptions()),
        "resnet20-smooth" => new SmoothResNet20(),
        "vgg16-bn" => new Vgg16BnNet(),
        "vgg16-bn-smooth" => new Vgg16BnNet(smooth: true),
        "encoder-decoder" => new EncoderDecoderNet(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no twin of this network."),
    };

    private static Tensor Labels(GoldenFile golden, long samples) => golden.LabelShape is [var height, var width]
        ? DeterministicTensors.LabelMaps(samples, height, width, golden.Classes)
        : DeterministicTensors.Labels(samples, golden.Classes);

    /// <summary>Copies the oracle's numbers into every parameter and buffer; a name that only one side has is an error.</summary>
    private static void Fill(nn.Module<Tensor, Tensor> model, GoldenFile golden)
    {
        using var temporaries = NewDisposeScope();
        using var noGrad = no_grad();
        var tensors = model.named_parameters().Select(p => (p.name, tensor: (Tensor)p.parameter))
            .Concat(model.named_buffers().Select(b => (b.name, tensor: b.buffer)))
            .Where(t => !t.name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            .ToDictionary(t => t.name, t => t.tensor);
        tensors.Keys.Should().BeEquivalentTo(golden.Tensors.Select(t => t.Name));
        foreach (var (name, shape, low, high) in golden.Tensors)
        {
            tensors[name].shape.Should().Equal(shape);
            tensors[name].copy_(DeterministicTensors.Uniform(name, shape, low, high, golden.Seed));
        }
    }
}
