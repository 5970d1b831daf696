using Px.Pruning.Tests.Networks;
using static Px.Pruning.Tests.Data.Collecting;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Data;

/// <summary>Endless data that never shows one of the classes ends with a word.</summary>
public sealed class PatienceTests : LeakCheckedTests
{
    [Fact]
    public void Collect_EndlessDataWithoutOneOfTheClasses_WarnsAndNamesIt()
    {
        var logger = new RecordingLogger();
        int read = 0;
        IEnumerable<(Tensor, Tensor)> Endless()
        {
            while (true)
            {
                using var scope = NewDisposeScope();
                read++;
                yield return Batch([0, 1], [0, 1]);
            }
        }

        var act = () => Collect(PruningData.From(Endless()), DataBudget.PerClass(3, patience: 100), logger: logger);

        act.Should().Throw<ArgumentException>().WithMessage("*last 100 samples*class 2 has 0*DataBudget.PerClass(samples, patience)*");
        read.Should().Be(3 + 50);
        logger.Warnings.Should().HaveCount(4, "at 10, 20, 40 and 80 samples").And.OnlyContain(warning => warning.Contains("class 2 has 0"));
    }

    [Fact]
    public void Collect_ClassThatIsShownOnceInAWhile_IsWaitedFor()
    {
        int read = 0;
        IEnumerable<(Tensor, Tensor)> Rare()
        {
            while (true)
            {
                using var scope = NewDisposeScope();
                read++;
                yield return Batch([read], [read % 90 == 0 ? 2 : read % 2]);
            }
        }

        using var collected = Collect(PruningData.From(Rare()), DataBudget.PerClass(3, patience: 100));

        collected.Samples.Should().Be(9);
        read.Should().Be(270);
    }

    [Fact]
    public void Collect_SortedDataThatEnds_IsReadToItsEndAsBefore()
    {
        using var collected = Collect(PruningData.From([Batch(new float[500], new long[500]), Batch([1], [2])]), DataBudget.PerClass(1, patience: 1000));

        Targets(collected).Should().Equal(0, 2);
    }

    [Fact]
    public void Collect_DataThatIsKnownToEnd_IsReadToItsEndWhateverIsMissing()
    {
        var batches = Enumerable.Range(0, 20).Select(_ => Batch([0, 1, 0, 1], [0, 1, 0, 1])).ToList();
        using var data = torch.utils.data.TensorDataset(zeros(80, 1), ones(80, int64));
        using var loader = torch.utils.data.DataLoader(data, 4, disposeDataset: false);
        PruningData[] known =
        [
            PruningData.From(batches), PruningData.From(batches.Select(b => new Dictionary<string, Tensor> { ["data"] = b.input, ["label"] = b.target })),
            PruningData.From(loader),
        ];
        foreach (var source in known)
        {
            var logger = new RecordingLogger();

            using var collected = Collect(source, DataBudget.PerClass(3, patience: 10), logger: logger);

            collected.Samples.Should().BeGreaterThan(0);
            logger.Warnings.Should().Contain(warning => warning.Contains("reading goes on up to the end"));
            logger.Warnings[^1].Should().Contain("class 2 has 0");
        }

        foreach (var (input, target) in batches)
        {
            input.Dispose();
            target.Dispose();
        }
    }

    [Fact]
    public void Prune_EndlessDataWithoutOneOfTheClasses_LeavesTheModel()
    {
        using var model = Linear(1, 3);
        var before = ModelState.Of(model);
        IEnumerable<(Tensor, Tensor)> Endless()
        {
            while (true)
            {
                using var scope = NewDisposeScope();
                yield return Batch(new float[50], new long[50]);
            }
        }

        var act = () => new SnipPruner().Prune(model, Endless(), 0.5, new PruningOptions { Data = DataBudget.PerClass(1, patience: 1000) });

        act.Should().Throw<ArgumentException>().WithMessage("*class 1 has 0, class 2 has 0*");
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void PerClass_WithoutPatience_IsRefused(long patience) =>
        FluentActions.Invoking(() => DataBudget.PerClass(1, patience)).Should().Throw<ArgumentOutOfRangeException>();
}
