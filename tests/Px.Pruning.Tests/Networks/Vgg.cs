using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>VGG-16 and VGG-19 with batch norm and one linear layer for 3×32×32 inputs and 10 classes, at any width.</summary>
internal static class Vgg
{
    private static readonly Dictionary<int, int[]> convolutionsInStage = new() { [16] = [2, 2, 3, 3, 3], [19] = [2, 2, 4, 4, 4] };

    /// <param name="depth">16 or 19.</param>
    /// <param name="width">Channels of the first stage; 64 in the paper.</param>
    internal static Module<Tensor, Tensor> Create(int depth, long width = 64)
    {
        var layers = new List<Module<Tensor, Tensor>>();
        long[] widths = [width, 2 * width, 4 * width, 8 * width, 8 * width];
        long inputs = 3;
        foreach (var (outputs, count) in widths.Zip(convolutionsInStage[depth]))
        {
            for (int i = 0; i < count; i++, inputs = outputs)
                layers.AddRange([Conv2d(inputs, outputs, 3, padding: 1, bias: false), BatchNorm2d(outputs), ReLU()]);
            layers.Add(MaxPool2d(2));
        }

        layers.AddRange([Flatten(), Linear(8 * width, 10)]);
        return Kaiming.Draw(Sequential(layers));
    }
}
