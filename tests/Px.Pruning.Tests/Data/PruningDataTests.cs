using TorchSharp;
using static Px.Pruning.Tests.Data.Collecting;
using static TorchSharp.torch;
using static TorchSharp.torch.utils.data;

namespace Px.Pruning.Tests.Data;

public sealed class PruningDataTests : LeakCheckedTests
{
    [Fact]
    public void From_DataLoader_CopiesEachBatchBeforeTheLoaderDisposesIt()
    {
        using var dataset = new Numbers();
        using var loader = DataLoader(dataset, 2, shuffle: false, disposeDataset: false);
        using var collected = Collect(PruningData.From(loader), DataBudget.All);

        Inputs(collected).Should().Equal(0, 1, 2, 3, 4, 5);
        Targets(collected).Should().Equal(0, 1, 2, 0, 1, 2);
        collected.Batches.Should().HaveCount(3);
    }

    [Fact]
    public void From_IterableDataLoader_TakesInputsAndTargets()
    {
        using var dataset = TensorDataset(arange(0f, 6f).reshape(6, 1), arange(0, 6, ScalarType.Int64).remainder(3));
        using var loader = DataLoader(dataset, 4, shuffle: false, disposeDataset: false);
        using var collected = Collect(PruningData.From(loader), DataBudget.PerClass(1));

        Inputs(collected).Should().Equal(0, 1, 2);
        Targets(collected).Should().Equal(0, 1, 2);
    }

    [Fact]
    public void From_OtherKeys_AreTakenByName()
    {
        Dictionary<string, Tensor>[] loader = [new() { ["image"] = zeros(2, 1), ["class"] = tensor(new long[] { 0, 2 }) }];
        using var collected = Collect(PruningData.From(loader, "image", "class"), DataBudget.All);

        Targets(collected).Should().Equal(0, 2);
    }

    [Theory]
    [InlineData("image", "label", "A batch has no 'data'; its keys are: 'image', 'label'. *PruningData.From(loader, inputKey, targetKey)*")]
    [InlineData("data", "class", "A batch has no 'label'; its keys are: 'data', 'class'. *")]
    public void From_DictionaryWithoutAKey_ListsTheKeysFound(string inputKey, string targetKey, string message)
    {
        Dictionary<string, Tensor>[] loader = [new() { [inputKey] = zeros(2, 1), [targetKey] = zeros(2) }];
        var act = () => Collect(PruningData.From(loader), DataBudget.All);

        act.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void From_ListsOfOtherThanTwoTensors_SaysHowMany(int count)
    {
        IList<Tensor>[] loader = [Enumerable.Range(0, count).Select(_ => zeros(2, 1)).ToList()];
        var act = () => Collect(PruningData.From(loader), DataBudget.All);

        act.Should().Throw<ArgumentException>().WithMessage($"*two tensors*found {count} tensors*");
    }

    [Fact]
    public void From_NullBatch_IsRefused()
    {
        var dictionaries = () => Collect(PruningData.From(new Dictionary<string, Tensor>[] { null! }), DataBudget.All);
        var lists = () => Collect(PruningData.From(new IList<Tensor>[] { null! }), DataBudget.All);

        dictionaries.Should().Throw<ArgumentException>().WithMessage("*null*");
        lists.Should().Throw<ArgumentException>().WithMessage("*found null*");
    }

    [Fact]
    public void From_Null_IsRefused()
    {
        FluentActions.Invoking(() => PruningData.From((IEnumerable<(Tensor, Tensor)>)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => PruningData.From((IEnumerable<IList<Tensor>>)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => PruningData.From((IEnumerable<Dictionary<string, Tensor>>)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => PruningData.From(Enumerable.Empty<Dictionary<string, Tensor>>(), inputKey: "")).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void From_AnySource_ReadsNothingYet()
    {
        var read = 0;
        var data = PruningData.From(Enumerable.Range(0, 3).Select(_ => { read++; return Batch([0], [0]); }));

        data.HasData.Should().BeTrue();
        data.SampleShapes.Should().BeNull();
        read.Should().Be(0);
    }

    [Fact]
    public void Shape_OfASample_IsNoData()
    {
        long[] shape = [3, 32, 32];
        var data = PruningData.Shape(shape);
        shape[0] = 7;

        data.HasData.Should().BeFalse();
        data.SampleShapes.Should().ContainSingle().Which.Should().Equal(3, 32, 32);
    }

    [Theory]
    [InlineData(new long[0], "[]")]
    [InlineData(new long[] { 3, 0, 32 }, "[3, 0, 32]")]
    [InlineData(new long[] { -1 }, "[-1]")]
    public void Shape_WithoutDimensionsOrBelowOne_IsRefused(long[] shape, string found) =>
        FluentActions.Invoking(() => PruningData.Shape(shape)).Should().Throw<ArgumentException>().Which.Message.Should().Contain($"found {found}");

    [Fact]
    public void None_HasNeitherDataNorShape()
    {
        PruningData.None.HasData.Should().BeFalse();
        PruningData.None.SampleShapes.Should().BeNull();
    }

    /// <summary>Six samples 0 to 5 of the classes 0, 1, 2, 0, 1, 2.</summary>
    private sealed class Numbers : Dataset
    {
        public override long Count => 6;

        public override Dictionary<string, Tensor> GetTensor(long index) =>
            new() { ["data"] = tensor(new[] { (float)index }), ["label"] = tensor(index % Classes) };
    }
}
