using TorchSharp;
using static Px.Pruning.Tests.Data.Collecting;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Data;

/// <summary>What holds for every budget: copies are ours, everything else stays the caller's, and nothing leaks.</summary>
public sealed class PruningBatchesTests : LeakCheckedTests
{
    public static TheoryData<string> BudgetNames => ["1 sample a class", "2 batches", "all batches"];

    private static DataBudget Budget(string name) => new[] { DataBudget.PerClass(1), DataBudget.Batches(2), DataBudget.All }.Single(b => b.ToString() == name);

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_CallersTensors_AreCopiedAndLeftAlone(string budget)
    {
        var (input, labels) = Batch([0, 1, 2], [0, 1, 2]);
        using var collected = Collect([(input, labels)], Budget(budget));
        input.fill_(7);
        labels.fill_(7);

        Inputs(collected).Should().Equal(0, 1, 2);
        Targets(collected).Should().Equal(0, 1, 2);
        collected.Dispose();
        Values<float>(input).Should().Equal(7, 7, 7);
        Values<long>(labels).Should().Equal(7, 7, 7);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_FloatingPointInputs_TakeTheModelsType(string budget)
    {
        var (input, labels) = Batch([0.5f, 1, 2], [0, 1, 2]);
        using var collected = Collect(PruningData.From([(input, labels)]), Budget(budget), dtype: ScalarType.Float64);

        Values<double>(Only(collected.Batches.Single().Input)).Should().Equal(0.5, 1, 2);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_IntegerInputs_KeepTheirType(string budget)
    {
        var (input, labels) = Batch([0, 1, 2], [0, 1, 2]);
        using var collected = Collect([(input.to(ScalarType.Int32), labels)], Budget(budget));

        Only(collected.Batches.Single().Input).dtype.Should().Be(ScalarType.Int32);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_InputsThatRequireGradients_AreCopiedWithoutTheirGraph(string budget)
    {
        var (input, labels) = Batch([0, 1, 2], [0, 1, 2]);
        var leaf = input.clone().requires_grad_();
        using var collected = Collect([(leaf * 2, labels)], Budget(budget));

        Only(collected.Batches.Single().Input).requires_grad.Should().BeFalse();
        Inputs(collected).Should().Equal(0, 2, 4);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_Model_IsAskedOnceWithACopyOfTheFirstSample(string budget)
    {
        List<(long[] Shape, ScalarType Dtype)> asked = [];
        using var collected = Collect(
            PruningData.From([(zeros(3, 2, 5), tensor(new long[] { 0, 1, 2 })), (zeros(3, 2, 5), tensor(new long[] { 0, 1, 2 }))]),
            Budget(budget), dtype: ScalarType.Float64, outputShape: input =>
            {
                asked.Add((Only(input).shape, Only(input).dtype));
                return [1, Classes];
            });

        var (shape, dtype) = asked.Should().ContainSingle().Subject;
        shape.Should().Equal(1, 2, 5);
        dtype.Should().Be(ScalarType.Float64);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_ModelThrows_PassesItOnUnchanged(string budget)
    {
        var thrown = new InvalidOperationException("from the model");
        var act = () => Collect(PruningData.From([Batch([0], [0])]), Budget(budget), outputShape: _ => throw thrown);

        act.Should().Throw<InvalidOperationException>().Which.Should().BeSameAs(thrown);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_LoaderThrows_PassesItOnUnchangedAndClosesTheLoader(string budget)
    {
        var thrown = new IOException("from the loader");
        var closed = false;
        IEnumerable<(Tensor, Tensor)> Failing()
        {
            try
            {
                yield return Batch([0, 1], [0, 1]);
                throw thrown;
            }
            finally
            {
                closed = true;
            }
        }

        FluentActions.Invoking(() => Collect(Failing(), Budget(budget))).Should().Throw<IOException>().Which.Should().BeSameAs(thrown);
        closed.Should().BeTrue();
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_CancelledBetweenBatches_StopsBeforeTheNext(string budget)
    {
        using var cancel = new CancellationTokenSource();
        var read = 0;
        IEnumerable<(Tensor, Tensor)> Cancelling()
        {
            while (read < 10)
            {
                read++;
                yield return Batch([0], [0]);
                if (read == 1) cancel.Cancel();
            }
        }

        // Cancelled while the second batch is being fetched; with two batches to take, that one still completes the job.
        var data = PruningData.From(Cancelling());
        var act = () => Collect(data, budget == "2 batches" ? DataBudget.Batches(3) : Budget(budget), token: cancel.Token);

        act.Should().Throw<OperationCanceledException>();
        read.Should().Be(2);
    }

    [Fact]
    public void Collect_AlreadyCancelled_ReadsNothing()
    {
        var read = 0;
        var data = PruningData.From(Enumerable.Range(0, 3).Select(_ => { read++; return Batch([0], [0]); }));
        var act = () => Collect(data, DataBudget.All, token: new CancellationToken(canceled: true));

        act.Should().Throw<OperationCanceledException>();
        read.Should().Be(0);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_LoaderThatCachesTensorsLazily_KeepsThemAlive(string budget)
    {
        Tensor? cached = null;
        IEnumerable<(Tensor, Tensor)> Lazy()
        {
            cached ??= arange(0f, 3f).reshape(3, 1);
            yield return (cached, arange(0, 3, ScalarType.Int64));
        }

        using var collected = Collect(Lazy(), Budget(budget));
        collected.Dispose();

        cached!.IsInvalid.Should().BeFalse();
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_LoaderWithADisposeScopeOfItsOwn_DoesNotTakeOurCopiesWithIt(string budget)
    {
        static IEnumerable<(Tensor, Tensor)> Scoped()
        {
            for (var i = 0; i < 2; i++)
            {
                using var batch = NewDisposeScope();
                yield return Batch([0, 1, 2], [0, 1, 2]);
            }
        }

        using var collected = Collect(Scoped(), Budget(budget));

        Inputs(collected).Take(3).Should().Equal(0, 1, 2);
        Targets(collected).Take(3).Should().Equal(0, 1, 2);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_NoScopeOpen_LeavesNothingBehind(string budget)
    {
        var (input, labels) = Batch([0, 1, 2], [0, 1, 2]);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++) Collect([(input, labels), (input, labels), (input, labels)], Budget(budget)).Dispose();

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_NoBatchAtAll_IsRefused(string budget) =>
        FluentActions.Invoking(() => Collect([], Budget(budget))).Should().Throw<ArgumentException>().WithMessage("The data has no batch.");

    [Fact]
    public void Collect_NoData_SaysWhatToPass() =>
        FluentActions.Invoking(() => Collect(PruningData.None, DataBudget.All)).Should().Throw<ArgumentException>().WithMessage("*pass a DataLoader*");

    [Theory, MemberData(nameof(BudgetNames))]
    public void Collect_MalformedBatch_IsNamedByItsNumber(string budget)
    {
        var good = Batch([0], [0]);
        var disposed = zeros(1);
        disposed.Dispose();
        (Tensor, Tensor, string)[] malformed =
        [
            (null!, good.target, "its inputs are null."),
            (good.input, null!, "its targets are null."),
            (good.input, disposed, "its targets were already disposed."),
            (zeros(3, 2), zeros(2), "*[3, 2]*[2]*same batch dimension*"),
            (zeros(3, 2), tensor(1L), "*[3, 2]*[]*DataLoader*"),
            (tensor(1f), zeros(1), "*[]*[1]*"),
            (zeros(0, 2), zeros(0), "it has no samples*[0, 2]*"),
        ];
        foreach (var (input, target, expected) in malformed)
        {
            FluentActions.Invoking(() => Collect([good, (input, target)], Budget(budget))).Should()
                .Throw<ArgumentException>().WithMessage($"Batch 2 of the data is malformed: {expected}");
        }
    }
}
