using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference;

public sealed class DeterministicTensorsTests
{
    private static readonly GeneratorFile Golden = GoldenFolder.Read<GeneratorFile>("generator.json");

    [Fact]
    public void Draw_TheOraclesNamesAndSeeds_GivesItsNumbersToTheBit()
    {
        Golden.Draws.Should().HaveCount(3);
        foreach (var draw in Golden.Draws)
            DeterministicTensors.Draw(draw.Name, draw.Values.Length, draw.Low, draw.High, draw.Seed).Should().Equal(draw.Values);
    }

    [Fact]
    public void Draw_AnyInterval_GivesFloat32NumbersInside()
    {
        var values = DeterministicTensors.Draw("any", 10_000, -0.25, 0.75, seed: 3);

        values.Should().OnlyContain(v => v >= -0.25 && v <= 0.75).And.OnlyContain(v => v == (float)v);
        values.Average().Should().BeApproximately(0.25, 0.01);
    }

    [Fact]
    public void Images_TheOraclesSeed_SumToTheOraclesSum()
    {
        using var scope = NewDisposeScope();

        // Adding float32 numbers of one size in float64 rounds at 1e-16 of the running sum, in whatever order.
        DeterministicTensors.Images(10, [3, 32, 32], 1).sum().ToDouble().Should().BeApproximately(Golden.ImageSum, 1e-9);
    }

    [Fact]
    public void Labels_TenClasses_AreTheOracles()
    {
        using var labels = DeterministicTensors.Labels(12, 10);

        labels.data<long>().ToArray().Should().Equal(Golden.Labels);
    }

    [Fact]
    public void LabelMaps_FourClasses_AreTheOracles()
    {
        using var scope = NewDisposeScope();

        var maps = DeterministicTensors.LabelMaps(2, 3, 4, 4);

        maps.shape.Should().Equal(2, 3, 4);
        maps.data<long>().ToArray().Should().Equal(Golden.LabelMaps.SelectMany(map => map.SelectMany(row => row)));
    }

    internal sealed record GeneratorFile(NamedDraw[] Draws, double ImageSum, long[] Labels, long[][][] LabelMaps);

    internal sealed record NamedDraw(string Name, double Low, double High, ulong Seed, double[] Values);
}
