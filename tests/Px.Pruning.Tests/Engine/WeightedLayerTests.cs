using Px.Pruning.Engine;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

public sealed class WeightedLayerTests
{
    public static TheoryData<string, long[]> Layers => new()
    {
        { "grouped, dilated, strided", [3, 4, 9, 8] },
        { "same padding", [2, 4, 5, 5] },
        { "reflected", [1, 4, 6, 6] },
        { "transposed", [2, 4, 3, 5] },
        { "one dimension", [2, 4, 7] },
        { "three dimensions", [2, 4, 3, 3, 3] },
        { "no batch", [4, 6, 6] },
        { "linear", [3, 4] },
        { "linear over positions", [3, 5, 4] },
        { "linear without batch", [4] },
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void OutputShape_AnyLayer_IsThatOfItsOutput(string kind, long[] shape)
    {
        using var scope = NewDisposeScope();
        Module<Tensor, Tensor> module = kind switch
        {
            "grouped, dilated, strided" => Conv2d(4, 6, (3, 2), stride: (2, 1), padding: (1, 0), dilation: (2, 3), groups: 2),
            "same padding" => Conv2d(4, 3, 3, padding: Padding.Same),
            "reflected" => Conv2d(4, 3, 3, padding: 2, padding_mode: PaddingModes.Reflect),
            "transposed" => ConvTranspose2d(4, 6, 3, stride: 2, output_padding: 1, groups: 2),
            "one dimension" => Conv1d(4, 2, 3),
            "three dimensions" => Conv3d(4, 2, 2, padding: 1),
            "no batch" => Conv2d(4, 2, 3),
            _ => Linear(4, 2),
        };
        var input = ones(shape);

        long[] found = WeightedLayer.TryCreate("layer", module)!.OutputShape(input);

        found.Should().Equal(module.call(input).shape);
    }
}
