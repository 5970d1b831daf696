using Px.Pruning.Tests.Masking;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests;

public sealed class PruningMaskTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Constructor_BoolTensors_CountsByParameterAndInAll()
    {
        using var mask = Mask(("b", [1, 0, 0, 1]), ("a", [0, 0]));

        mask.Names.Should().Equal("b", "a");
        (mask.Kept, mask.Total).Should().Be((2, 6));
        mask.Density.Should().Be(2.0 / 6);
        mask.Sparsity.Should().Be(1 - 2.0 / 6);
        (mask.KeptIn("b"), mask.TotalIn("b"), mask.KeptIn("a"), mask.TotalIn("a")).Should().Be((2, 4, 0, 2));
        (mask.Contains("a"), mask.Contains("c")).Should().Be((true, false));
    }

    [Theory]
    [InlineData(ScalarType.Bool)]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Constructor_AnyNumericZeroOne_BecomesBool(ScalarType type)
    {
        using var mask = new PruningMask([KeyValuePair.Create("w", tensor(new long[] { 0, 1, 1, 0, 1, 0 }).reshape(2, 3).to(type))]);

        mask["w"].dtype.Should().Be(ScalarType.Bool);
        mask["w"].shape.Should().Equal(2, 3);
        Values(mask, "w").Should().Equal(0, 1, 1, 0, 1, 0);
    }

    [Fact]
    public void Constructor_TransposedTensor_KeepsItsLogicalOrder()
    {
        using var mask = new PruningMask([KeyValuePair.Create("w", tensor(new[] { true, true, false, false, true, false }).reshape(3, 2).t())]);

        mask["w"].shape.Should().Equal(2, 3);
        Values(mask, "w").Should().Equal(1, 0, 1, 1, 0, 0);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(2.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Constructor_OtherThanZeroAndOne_Throws(double value)
    {
        var act = () => new PruningMask([KeyValuePair.Create("layer.weight", tensor(new[] { 0.0, 1.0, value }))]);

        act.Should().Throw<ArgumentException>().WithMessage("*layer.weight*0 and 1*");
    }

    [Fact]
    public void Constructor_UnusableEntries_Throws()
    {
        var one = ones(1);
        Action[] cases =
        [
            () => _ = new PruningMask(null!),
            () => _ = new PruningMask([]),
            () => _ = new PruningMask([KeyValuePair.Create("", one)]),
            () => _ = new PruningMask([KeyValuePair.Create("__metadata__", one)]),
            () => _ = new PruningMask([KeyValuePair.Create("w", (Tensor)null!)]),
            () => _ = new PruningMask([KeyValuePair.Create("w", one), KeyValuePair.Create("w", one)]),
        ];

        foreach (var act in cases)
            act.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Constructor_Tensors_AreCopiedAndOutliveTheirScope()
    {
        PruningMask mask;
        using (NewDisposeScope())
        {
            var source = tensor(new[] { true, false });
            mask = new PruningMask([KeyValuePair.Create("w", source)]);
            source.fill_(false);
        }

        using (mask)
            Values(mask, "w").Should().Equal(1, 0);
    }

    [Fact]
    public void Indexer_UnknownName_ListsTheKnownOnes()
    {
        using var mask = Mask(("conv.weight", [1]), ("fc.weight", [0]));

        mask.Invoking(m => m["fc"]).Should().Throw<KeyNotFoundException>().WithMessage("*'fc'*conv.weight, fc.weight*");
        mask.Invoking(m => m.KeptIn("x")).Should().Throw<KeyNotFoundException>();
    }

    [Fact]
    public void Dispose_ThenUse_Throws()
    {
        var mask = Mask(("w", [1, 0]));
        mask.Dispose();
        mask.Dispose();

        mask.Invoking(m => m["w"]).Should().Throw<ObjectDisposedException>();
        mask.Invoking(m => m.Save(new MemoryStream())).Should().Throw<ObjectDisposedException>();
        mask.Invoking(m => m.Bind(nn.Linear(2, 1))).Should().Throw<ObjectDisposedException>();
        mask.Density.Should().Be(0.5, "counts need no tensors");
    }

    [Theory]
    [InlineData(new[] { 1, 1, 0, 0 }, new[] { 1, 0, 1, 0 }, 0.5, 1.0 / 3)]
    [InlineData(new[] { 1, 1, 1, 0 }, new[] { 1, 0, 0, 0 }, 1.0, 1.0 / 3)]
    [InlineData(new[] { 1, 1, 0, 0 }, new[] { 0, 0, 1, 1 }, 0.0, 0.0)]
    [InlineData(new[] { 0, 0, 0, 0 }, new[] { 0, 0, 0, 0 }, 1.0, 1.0)]
    [InlineData(new[] { 0, 0, 0, 0 }, new[] { 0, 1, 0, 0 }, 0.0, 0.0)]
    public void Overlap_TwoMasks_IsCommonOverTheSmaller(int[] a, int[] b, double overlap, double jaccard)
    {
        using var first = Mask(("w", a), ("v", [0, 0]));
        using var second = Mask(("v", [0, 0]), ("w", b));

        first.Overlap(second).Should().Be(overlap);
        second.Overlap(first).Should().Be(overlap);
        first.Jaccard(second).Should().Be(jaccard);
        second.Jaccard(first).Should().Be(jaccard);
    }

    [Fact]
    public void UnionAndIntersect_TwoMasks_CombineByName()
    {
        using var a = Mask(("x", [1, 1, 0, 0]), ("y", [1, 0]));
        using var b = Mask(("y", [0, 0]), ("x", [1, 0, 1, 0]));
        using var union = a.Union(b);
        using var common = a.Intersect(b);

        Values(union, "x").Should().Equal(1, 1, 1, 0);
        Values(union, "y").Should().Equal(1, 0);
        Values(common, "x").Should().Equal(1, 0, 0, 0);
        Values(common, "y").Should().Equal(0, 0);
        union.Names.Should().Equal("x", "y");
        (union.Kept + common.Kept).Should().Be(a.Kept + b.Kept);
    }

    [Fact]
    public void SetOperations_DifferentParameters_ListEveryDifference()
    {
        using var a = Mask(("x", [1, 1]), ("y", [1]));
        using var b = Mask(("x", [1, 1, 0]), ("z", [1]));

        foreach (var act in new Action[] { () => a.Overlap(b), () => a.Jaccard(b), () => a.Union(b), () => a.Intersect(b) })
            act.Should().Throw<ArgumentException>().WithMessage("*first has: 'y' [1]*second has: 'z' [1]*'x' ([2] and [3])*");
    }

    [Fact]
    public void ShuffleWithinLayers_LargeLayers_ReallyMovesAndKeepsEveryCount()
    {
        using var mask = MaskedNet.RandomMask(new MaskedNet(), 0.3, seed: 5);
        using var shuffled = mask.ShuffleWithinLayers(1);
        using var again = mask.ShuffleWithinLayers(1);
        using var other = mask.ShuffleWithinLayers(2);

        foreach (var name in mask.Names)
        {
            shuffled.KeptIn(name).Should().Be(mask.KeptIn(name));
            Values(shuffled, name).Should().NotEqual(Values(mask, name)).And.Equal(Values(again, name)).And.NotEqual(Values(other, name));
        }

        shuffled.Metadata["shuffled"].Should().Be("1");
    }

    [Fact]
    public void ShuffleWithinLayers_OrderOfParameters_DoesNotMatter()
    {
        int[] a = [1, 0, 0, 1, 0, 1, 0, 0, 0, 1], b = [1, 1, 1, 0, 0, 0, 0, 0, 1, 0];
        using var one = Mask(("a", a), ("b", b)).ShuffleWithinLayers(9);
        using var two = Mask(("b", b), ("a", a)).ShuffleWithinLayers(9);

        one.Jaccard(two).Should().Be(1);
    }

    /// <summary>One kept weight of four: each place is its in a quarter of 4,000 shuffles, within 5 standard deviations (27.4 each).</summary>
    [Fact]
    public void ShuffleWithinLayers_ManySeeds_ReachEveryPlaceEquallyOften()
    {
        using var mask = Mask(("w", [0, 1, 0, 0]));
        var counts = new int[4];
        for (var seed = 0; seed < 4000; seed++)
        {
            using var shuffled = mask.ShuffleWithinLayers(seed);
            counts[Array.IndexOf(Values(shuffled, "w"), 1)]++;
        }

        counts.Should().OnlyContain(count => Math.Abs(count - 1000) < 137);
    }

    [Fact]
    public void Operations_All_LeaveNoTensorBehind()
    {
        var source = Enumerable.Range(0, 3).ToDictionary(i => $"w{i}", i => rand(4, 5).lt(0.5).to(i == 1 ? ScalarType.Float32 : ScalarType.Bool));

        LiveTensors.LeftBy(() =>
        {
            using var local = NewDisposeScope();
            using (var a = new PruningMask(source))
            using (var b = a.ShuffleWithinLayers(3))
            using (var union = a.Union(b))
            using (var common = a.Intersect(b))
            using (var stream = new MemoryStream())
            {
                _ = a.Overlap(b) + a.Jaccard(union);
                common.Save(stream);
                stream.Position = 0;
                using var loaded = PruningMask.Load(stream);
                local.DisposablesCount.Should().Be(0, "a mask's tensors belong to the mask alone");
            }
        }).Should().Be(0);
    }

    private static PruningMask Mask(params (string Name, int[] Kept)[] masks) =>
        new(masks.Select(m => KeyValuePair.Create(m.Name, tensor(m.Kept.Select(k => k == 1).ToArray()))).ToList());

    private static int[] Values(PruningMask mask, string name) => mask[name].bytes.ToArray().Select(b => (int)b).ToArray();
}
