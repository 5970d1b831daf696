using Px.Pruning.Tests.Networks;
using static Px.Pruning.Tests.Data.Collecting;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Data;

public sealed class BatchesBudgetTests : LeakCheckedTests
{
    private static (Tensor, Tensor)[] Three => [Batch([0, 1, 2], [0, 0, 0]), Batch([3], [1]), Batch([4, 5], [0, 9])];

    [Fact]
    public void Collect_NumberOfBatches_TakesThemAsTheyCome()
    {
        using var collected = Collect(Three, DataBudget.Batches(2), batchSize: 2);

        collected.Batches.Select(batch => batch.Input.Samples).Should().Equal([4], "a lone last sample joins the batch before");
        Inputs(collected).Should().Equal(0, 1, 2, 3);
        Targets(collected).Should().Equal(0, 0, 0, 1);
        collected.Samples.Should().Be(4);
    }

    [Fact]
    public void Collect_NumberOfBatches_ReadsNoFurther()
    {
        var read = 0;
        using var collected = Collect(Three.Select(batch => { read++; return batch; }), DataBudget.Batches(2));

        read.Should().Be(2);
    }

    [Fact]
    public void Collect_FewerBatchesThanAsked_TakesAllAndWarns()
    {
        var logger = new RecordingLogger();
        using var collected = Collect(PruningData.From(Three), DataBudget.Batches(5), logger: logger);

        collected.Batches.Should().HaveCount(3);
        logger.Warnings.Should().Equal("The data has 3 batches; 5 were asked for.");
    }

    [Fact]
    public void Collect_All_TakesEveryBatchWhateverItsShapeAndLabels()
    {
        var logger = new RecordingLogger();
        using var collected = Collect(PruningData.From([.. Three, (zeros(2, 7), zeros(2, 5))]), DataBudget.All, logger: logger);

        collected.Batches.Select(batch => Only(batch.Input).shape[^1]).Should().Equal(1, 1, 1, 7);
        collected.Samples.Should().Be(8);
        logger.Warnings.Should().BeEmpty();
    }

    [Fact]
    public void Budget_CountBelowOne_IsRefused()
    {
        FluentActions.Invoking(() => DataBudget.Batches(0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => DataBudget.PerClass(0)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Budget_AsText_SaysHowMuch()
    {
        DataBudget.PerClass(10).ToString().Should().Be("10 samples a class");
        DataBudget.PerClass(1).ToString().Should().Be("1 sample a class");
        DataBudget.Batches(2).ToString().Should().Be("2 batches");
        DataBudget.Batches(1).ToString().Should().Be("1 batch");
        DataBudget.All.ToString().Should().Be("all batches");
    }

    [Fact]
    public void Budget_IsAValue()
    {
        DataBudget.PerClass(3).Should().Be(DataBudget.PerClass(3)).And.NotBe(DataBudget.Batches(3)).And.NotBe(DataBudget.All);
    }
}
