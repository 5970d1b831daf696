using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Benchmarks.Collapse;

/// <summary>VGG-16 with batch norm at an eighth of its width: thirteen convolutions and a linear layer in series, 230,680 weights.</summary>
internal static class NarrowVgg
{
    private static readonly (long Channels, int Convolutions)[] stages = [(8, 2), (16, 2), (32, 3), (64, 3), (64, 3)];

    /// <summary>The layers that can be pruned.</summary>
    internal const int Layers = 14;

    internal static Module<Tensor, Tensor> Create()
    {
        using var generator = new Generator(1);
        var layers = new List<Module<Tensor, Tensor>>();
        long inputs = 3;
        foreach (var (outputs, convolutions) in stages)
        {
            for (int i = 0; i < convolutions; i++, inputs = outputs)
                layers.AddRange([Conv2d(inputs, outputs, 3, padding: 1, bias: false), BatchNorm2d(outputs), ReLU()]);
            layers.Add(MaxPool2d(2));
        }

        layers.AddRange([Flatten(), Linear(inputs, 10)]);
        var model = Sequential(layers);
        using var noGrad = no_grad();
        foreach (var weight in model.parameters().Where(parameter => parameter.dim() > 1))
        {
            using var drawn = randn(weight.shape, generator: generator);
            weight.copy_(drawn.mul_(Math.Sqrt(2.0 * weight.size(0) / weight.numel())));
        }

        return model;
    }
}
