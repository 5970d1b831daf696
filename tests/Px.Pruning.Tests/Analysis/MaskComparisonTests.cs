using Px.Pruning.Analysis;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Networks;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Analysis;

public sealed class MaskComparisonTests : LeakCheckedTests
{
    [Fact]
    public void Of_TwoMasks_CountsByHand()
    {
        using var px = Mask([1, 1, 0, 0], [1, 0]);
        using var snip = Mask([1, 0, 0, 0], [1, 1]);
        var comparison = MaskComparison.Of([new("PX", px), new("SNIP", snip)]);

        comparison.Names.Should().Equal("PX", "SNIP");
        comparison.Parameters.Should().Equal("a", "b");
        // By chance 2·1/4 in a and 1·2/2 in b.
        comparison["a", 0, 1].Should().Be(new MaskPair("PX", "SNIP", 2, 1, 4, 1, 0.5));
        comparison["b", 0, 1].Should().Be(new MaskPair("PX", "SNIP", 1, 2, 2, 1, 1));
        comparison[0, 1].Should().Be(new MaskPair("PX", "SNIP", 3, 3, 6, 2, 1.5));
        comparison[1, 0].Should().Be(new MaskPair("SNIP", "PX", 3, 3, 6, 2, 1.5));
        (comparison[0, 1].Overlap, comparison[0, 1].Jaccard, comparison[0, 1].ExpectedOverlap).Should().Be((2 / 3.0, 0.5, 0.5));
        (comparison[0, 1].Overlap, comparison[0, 1].Jaccard).Should().Be((px.Overlap(snip), px.Jaccard(snip)));
        comparison[1, 1].Overlap.Should().Be(1);
    }

    [Fact]
    public void Of_EmptyMasks_AgreeWithPruningMask()
    {
        using var none = Mask([0, 0, 0, 0], [0, 0]);
        using var some = Mask([0, 1, 0, 0], [0, 0]);
        var comparison = MaskComparison.Of([new("none", none), new("some", some)]);

        (comparison[0, 0].Overlap, comparison[0, 1].Overlap, comparison["b", 0, 1].Overlap).Should().Be((1, 0, 1));
        (comparison[0, 0].Jaccard, comparison[0, 1].Jaccard).Should().Be((none.Jaccard(none), none.Jaccard(some)));
    }

    [Fact]
    public void Of_ShuffledMasks_OverlapByChance()
    {
        using var model = new ConvNet();
        using var mask = RandomMasks.Draw(model, 0.4, seed: 1);
        var shuffled = Enumerable.Range(0, 40).Select(seed => KeyValuePair.Create($"{seed}", mask.ShuffleWithinLayers(seed))).ToList();
        var comparison = MaskComparison.Of(shuffled);
        shuffled.ForEach(pair => pair.Value.Dispose());

        var pairs = (from i in Enumerable.Range(0, 40) from j in Enumerable.Range(i + 1, 39 - i) select comparison[i, j]).ToList();
        pairs.Average(pair => pair.Overlap).Should().BeApproximately(pairs[0].ExpectedOverlap, 0.01);
    }

    [Fact]
    public void ToStringAndToCsv_Comparison_AreTables()
    {
        using var px = Mask([1, 1, 0, 0], [1, 0]);
        using var snip = Mask([1, 0, 0, 0], [1, 1]);
        var comparison = MaskComparison.Of([new("PX", px), new("SNIP", snip)]);

        comparison.ToString().Should().Be(
            """
            Overlap, |A ∩ B| / min(|A|, |B|):
                        PX      SNIP
            ----  --------  --------
            PX    100.00 %   66.67 %
            SNIP   66.67 %  100.00 %
            Overlap of independent random masks of the same layer densities:
                       PX     SNIP
            ----  -------  -------
            PX    50.00 %  50.00 %
            SNIP  50.00 %  75.00 %

            """.ReplaceLineEndings("\n"));
        comparison.ToCsv().Should().Be(
            """
            first,second,parameter,total,first_kept,second_kept,common,overlap,jaccard,expected_overlap
            PX,SNIP,,6,3,3,2,0.6666666666666666,0.5,0.5
            PX,SNIP,a,4,2,1,1,1,0.5,0.5
            PX,SNIP,b,2,1,2,1,1,0.5,1

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Of_BadMasks_AreNamed()
    {
        using var mask = Mask([1, 1, 0, 0], [1, 0]);
        using var other = new PruningMask([KeyValuePair.Create("a", ones(4))]);

        Throws<ArgumentException>([], "*no masks*");
        Throws<ArgumentException>([new("x", mask), new("x", mask)], "*'x' more than once*");
        Throws<ArgumentException>([new(null!, mask)], "*name of its own*");
        Throws<ArgumentNullException>([new("x", null!)], "*masks*");
        Throws<ArgumentException>([new("x", mask), new("y", other)], "*not over the same parameters*'b' [2]*");

        static void Throws<T>(KeyValuePair<string, PruningMask>[] masks, string message) where T : Exception
        {
            var compare = () => MaskComparison.Of(masks);
            compare.Should().Throw<T>().WithMessage(message);
        }
    }

    private static PruningMask Mask(int[] a, int[] b) => new([KeyValuePair.Create("a", tensor(a)), KeyValuePair.Create("b", tensor(b))]);
}
