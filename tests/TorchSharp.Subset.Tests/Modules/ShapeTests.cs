using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class ShapeTests
{
    [Fact]
    public void Identity_Input_ComesBackAsANewHandle()
    {
        using var x = ones(1);

        using var y = nn.Identity().call(x);

        y.Should().NotBeSameAs(x);
        y.fill_(5);
        x.item<float>().Should().Be(5);
    }

    [Fact]
    public void FlattenAndUnflatten_Shapes_AreInverse()
    {
        var x = ones(2, 3, 4);

        nn.Flatten().call(x).shape.Should().Equal(2, 12);
        nn.Flatten(0, 1).call(x).shape.Should().Equal(6, 4);
        nn.Unflatten(1, [3, 4]).call(ones(2, 12)).shape.Should().Equal(2, 3, 4);
    }

    [Fact]
    public void ZeroPad2d_Sides_GoLeftRightTopBottom()
    {
        nn.ZeroPad2d((1, 0, 0, 2)).call(ones(1, 1, 1, 1)).Floats().Should().Equal(0, 1, 0, 0, 0, 0);
        nn.ZeroPad2d(1).call(ones(1, 1, 1, 1)).shape.Should().Equal(1, 1, 3, 3);
    }

    [Fact]
    public void Upsample_NearestAndBilinear_Interpolate()
    {
        var x = tensor(new[] { 0f, 3 }, [1, 1, 1, 2]);

        nn.Upsample(scale_factor: [1, 2]).call(x).Floats().Should().Equal(0, 0, 3, 3);
        nn.Upsample(size: [1, 4], mode: UpsampleMode.Bilinear, align_corners: true).call(x).Floats().Should().Equal(0, 1, 2, 3);
        nn.Upsample(size: [1, 4], mode: UpsampleMode.Bilinear).call(x).Floats().Should().Equal(0, 0.75f, 2.25f, 3);
    }

    [Fact]
    public void Dropout_TrainingAndEval_ScalesOrPassesThrough()
    {
        manual_seed(0);
        using var dropout = nn.Dropout(0.25);
        using var x = ones(1000);

        var y = dropout.call(x).Floats();
        y.Should().OnlyContain(value => value == 0 || MathF.Abs(value - (4f / 3)) < 1e-6f);
        y.Count(value => value == 0).Should().BeInRange(200, 300);

        dropout.eval();
        using var same = dropout.call(x);
        same.Should().NotBeSameAs(x);
        same.Floats().Should().OnlyContain(value => value == 1);
        dropout.p.Should().Be(0.25);
    }

    [Fact]
    public void Dropout2d_Training_DropsWholeChannels()
    {
        manual_seed(0);
        using var dropout = nn.Dropout2d(0.5);

        var channels = dropout.call(ones(4, 16, 2, 2)).view(64, 4).Floats().Chunk(4).ToList();

        channels.Should().OnlyContain(channel => channel.Distinct().Count() == 1);
        channels.Select(channel => channel[0]).Distinct().Should().BeEquivalentTo([0f, 2f]);
    }
}
