using static Px.Pruning.Tests.Data.Collecting;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Data;

/// <summary>A last batch of one sample joins the batch before: alone it has no variance.</summary>
public sealed class LoneSampleTests : LeakCheckedTests
{
    [Theory]
    [InlineData(5, 4, new long[] { 5 })]
    [InlineData(9, 4, new long[] { 4, 5 })]
    [InlineData(6, 4, new long[] { 4, 2 })]
    [InlineData(3, 1, new long[] { 1, 1, 1 })]
    [InlineData(3, 2, new long[] { 3 })]
    [InlineData(1, 4, new long[] { 1 })]
    public void Collect_RegroupedSamples_NeverLeavesOneAlone(int samples, int batchSize, long[] sizes)
    {
        float[] numbers = [.. Enumerable.Range(0, samples).Select(n => (float)n)];
        using var collected = Collect(PruningData.From([Batch(numbers, new long[samples])]), DataBudget.PerClass(samples), batchSize, outputShape: _ => [1, 1]);

        collected.Batches.Select(batch => batch.Input.Samples).Should().Equal(sizes);
        Inputs(collected).Should().Equal(numbers);
        collected.Samples.Should().Be(samples);
    }

    [Fact]
    public void Collect_LastBatchOfALoaderIsOneSample_JoinsTheOneBefore()
    {
        using var collected = Collect([Batch([0, 1, 2], [0, 1, 2]), Batch([3], [1])], DataBudget.All);

        collected.Batches.Should().ContainSingle();
        Inputs(collected).Should().Equal(0, 1, 2, 3);
        Targets(collected).Should().Equal(0, 1, 2, 1);
        collected.Samples.Should().Be(4);
    }

    [Fact]
    public void Collect_BatchesOfOneByTheUsersOwnChoice_StayAsTheyAre()
    {
        using var collected = Collect([Batch([0], [0]), Batch([1], [1])], DataBudget.All);

        collected.Batches.Should().HaveCount(2);
    }

    [Fact]
    public void Collect_LastSampleOfAnotherShape_StaysAlone()
    {
        using var collected = Collect([(zeros(2, 3), zeros(2, int64)), (zeros(1, 4), zeros(1, int64))], DataBudget.All);

        collected.Batches.Should().HaveCount(2);
    }
}
