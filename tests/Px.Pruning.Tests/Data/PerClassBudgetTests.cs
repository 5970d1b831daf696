using Px.Pruning.Data;
using Px.Pruning.Tests.Networks;
using static Px.Pruning.Tests.Data.Collecting;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Data;

public sealed class PerClassBudgetTests : LeakCheckedTests
{
    [Fact]
    public void Collect_LabelledBatches_DealsOutTheFirstSamplesOfEachClassInTurn()
    {
        // The first two of class 0 are samples 0 and 2, of class 1 samples 3 and 4, of class 2 samples 1 and 6.
        using var collected = Collect(
            [Batch([0, 1, 2, 3], [0, 2, 0, 1]), Batch([4, 5, 6, 7], [1, 0, 2, 2])], DataBudget.PerClass(2));

        Inputs(collected).Should().Equal(0, 3, 1, 2, 4, 6);
        Targets(collected).Should().Equal(0, 1, 2, 0, 1, 2);
        collected.Samples.Should().Be(6);
    }

    [Theory]
    [InlineData(1, new long[] { 1, 1, 1, 1, 1, 1 })]
    [InlineData(4, new long[] { 4, 2 })]
    [InlineData(6, new long[] { 6 })]
    [InlineData(100, new long[] { 6 })]
    public void Collect_BatchSize_RegroupsTheSamples(int batchSize, long[] sizes)
    {
        using var collected = Collect([Batch([0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2])], DataBudget.PerClass(2), batchSize);

        collected.Batches.Select(batch => batch.Input.Samples).Should().Equal(sizes);
        collected.Batches.Select(batch => batch.Target.shape[0]).Should().Equal(sizes);
        Inputs(collected).Should().Equal(0, 2, 4, 1, 3, 5);
    }

    [Fact]
    public void Collect_EveryClassFull_ReadsNoFurther()
    {
        var read = 0;
        IEnumerable<(Tensor, Tensor)> Endless()
        {
            while (true)
            {
                read++;
                yield return Batch([read], [read % Classes]);
            }
        }

        using var collected = Collect(Endless(), DataBudget.PerClass(2));

        read.Should().Be(2 * Classes);
        collected.Samples.Should().Be(2 * Classes);
    }

    [Fact]
    public void Collect_ClassesWithFewerSamples_KeepsWhatThereIsAndWarns()
    {
        var logger = new RecordingLogger();
        using var collected = Collect(
            PruningData.From([Batch([0, 1, 2, 3, 4], [0, 0, 0, 2, 0])]), DataBudget.PerClass(3), logger: logger);

        Inputs(collected).Should().Equal(0, 3, 1, 2);
        logger.Warnings.Should().Equal("The data has fewer than 3 samples of some classes: class 1 has 0, class 2 has 1.");
    }

    [Fact]
    public void Collect_EveryClassFull_WarnsOfNothing()
    {
        var logger = new RecordingLogger();
        using var collected = Collect(PruningData.From([Batch([0, 1, 2], [0, 1, 2])]), DataBudget.PerClass(1), logger: logger);

        logger.Warnings.Should().BeEmpty();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(255)]
    public void Collect_LabelOutsideTheClasses_NamesLabelAndClasses(long label)
    {
        var act = () => Collect([Batch([0, 1], [2, 2]), Batch([2, 3], [0, label])], DataBudget.PerClass(1));

        act.Should().Throw<ArgumentException>().WithMessage($"A label is {label}, but the model's output has 3 classes*0 to 2*");
    }

    [Theory]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Int8)]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Int64)]
    public void Collect_LabelsOfAnyIntegerType_BecomeInt64(ScalarType dtype)
    {
        var (input, labels) = Batch([0, 1, 2], [2, 0, 1]);
        using var collected = Collect([(input, labels.to(dtype))], DataBudget.PerClass(1));

        collected.Batches.Should().ContainSingle().Which.Target.dtype.Should().Be(ScalarType.Int64);
        Targets(collected).Should().Equal(0, 1, 2);
        Inputs(collected).Should().Equal(1, 2, 0);
    }

    [Fact]
    public void Collect_SegmentationMaps_TakesTheFirstSamplesAsTheyCome()
    {
        var maps = arange(0, 5, ScalarType.Byte).reshape(5, 1, 1).expand(5, 2, 2);
        using var collected = Collect([(arange(0f, 5f).reshape(5, 1), maps), (arange(5f, 10f).reshape(5, 1), maps)], DataBudget.PerClass(2), 4);

        Inputs(collected).Should().Equal(0, 1, 2, 3, 4, 5);
        collected.Batches.Select(batch => batch.Target.shape).Should().BeEquivalentTo([new long[] { 4, 2, 2 }, [2, 2, 2]]);
        collected.Batches.Should().OnlyContain(batch => batch.Target.dtype == ScalarType.Int64);
        Values<long>(collected.Batches[1].Target).Should().Equal(4, 4, 4, 4, 0, 0, 0, 0);
    }

    [Fact]
    public void Collect_FloatingPointTargets_TakesTheFirstSamplesAndKeepsTheirType()
    {
        var logger = new RecordingLogger();
        var data = PruningData.From([(arange(0f, 4f).reshape(4, 1), tensor(new double[] { 0, 1, 2, 3 }))]);
        using var collected = Collect(data, DataBudget.PerClass(2), logger: logger);

        Inputs(collected).Should().Equal(0, 1, 2, 3);
        collected.Batches.Should().ContainSingle().Which.Target.dtype.Should().Be(ScalarType.Float64);
        logger.Warnings.Should().Equal("The data has 4 samples; 6 were asked for.");
    }

    [Theory]
    [InlineData(new long[] { 1 })]
    [InlineData(new long[] { 1, 0 })]
    [InlineData(new long[0])]
    public void Collect_OutputWithoutClasses_SaysWhatItNeeds(long[] output)
    {
        var act = () => Collect(PruningData.From([Batch([0], [0])]), DataBudget.PerClass(1), outputShape: _ => output);

        act.Should().Throw<ArgumentException>().WithMessage($"*[{string.Join(", ", output)}]*must be [B, K, ...]*");
    }

    [Fact]
    public void Collect_SamplesOfDifferentShapes_NamesBothShapes()
    {
        var act = () => Collect([(zeros(1, 8), zeros(1, ScalarType.Int64)), (zeros(1, 9), ones(1, ScalarType.Int64))], DataBudget.PerClass(1));

        act.Should().Throw<ArgumentException>().WithMessage("*input [8] of Float32*input [9] of Float32*DataBudget.Batches*");
    }

    [Fact]
    public void Collect_SameDataTwice_GivesTheSameSamples()
    {
        var data = PruningData.From([Batch([0, 1, 2, 3], [0, 2, 0, 1])]);
        using PruningBatches first = Collect(data, DataBudget.PerClass(2)), second = Collect(data, DataBudget.PerClass(2));

        Inputs(second).Should().Equal(Inputs(first)).And.HaveCount(4);
    }
}
