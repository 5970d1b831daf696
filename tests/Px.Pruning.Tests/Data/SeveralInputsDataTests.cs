using TorchSharp;
using static Px.Pruning.Tests.Data.Collecting;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Data;

/// <summary>Batches of any kind with several inputs: what they pick is copied, regrouped and joined sample by sample.</summary>
public sealed class SeveralInputsDataTests : LeakCheckedTests
{
    [Fact]
    public void From_RecordsArraysAndDictionaries_ReadTheSame()
    {
        var batch = new Pair(zeros(2, 3), ones(2, 1), tensor(new long[] { 0, 1 }));
        var dictionary = new Dictionary<string, Tensor> { ["left"] = batch.Left, ["right"] = batch.Right, ["label"] = batch.Label };
        Tensor[] array = [batch.Left, batch.Right, batch.Label];

        foreach (var data in (PruningData[])
            [
                PruningData.From([batch], b => ([b.Left, b.Right], b.Label)),
                PruningData.From([dictionary], b => ([b["left"], b["right"]], b["label"])),
                PruningData.From([array], b => (b[..2], b[2])),
            ])
        {
            var (inputs, target) = data.Read().Should().ContainSingle().Subject;
            inputs.Should().Equal(batch.Left, batch.Right);
            target.Should().BeSameAs(batch.Label);
        }
    }

    [Fact]
    public void Collect_SeveralInputs_CastsNumbersAndKeepsIndices()
    {
        using var collected = Collect(
            PruningData.From([0], _ => ([zeros(2, 3), tensor(new long[] { 4, 5 }), ones(2, dtype: ScalarType.Bool)], tensor(new byte[] { 0, 1 }))),
            DataBudget.Batches(1), dtype: ScalarType.Float64);

        var (inputs, target) = collected.Batches.Should().ContainSingle().Subject;
        inputs.Tensors.Select(input => input.dtype).Should().Equal(ScalarType.Float64, ScalarType.Int64, ScalarType.Bool);
        target.dtype.Should().Be(ScalarType.Int64);
    }

    [Fact]
    public void Collect_PerClass_KeepsTheInputsOfASampleTogether()
    {
        using var collected = Collect(Data([0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2]), DataBudget.PerClass(2), batchSize: 4);

        collected.Batches.Select(batch => batch.Input.Samples).Should().Equal(4, 2);
        foreach (var (inputs, target) in collected.Batches)
        {
            (inputs.Tensors[1] - inputs.Tensors[0]).eq(100).all().ToBoolean().Should().BeTrue("the second input is the first and 100");
            inputs.Tensors[0].flatten().div(2, rounding_mode: RoundingMode.floor).eq(target).all().ToBoolean().Should().BeTrue("labels are halves");
        }
    }

    [Fact]
    public void Collect_LoneLastSample_JoinsTheBatchBeforeWithAllInputs()
    {
        using var collected = Collect(Data([0, 1, 2], [0, 0, 1], [3], [1]), DataBudget.Batches(2));

        var (inputs, _) = collected.Batches.Should().ContainSingle().Subject;
        inputs.Tensors.Select(input => input.size(0)).Should().Equal(4, 4);
        inputs.Tensors[1].data<float>().ToArray().Should().Equal(100, 101, 102, 103);
    }

    [Fact]
    public void Collect_LoneLastSampleOfAnotherForm_StaysAlone()
    {
        using var collected = Collect(
            PruningData.From([(3, 2), (1, 5)], size => ([zeros(size.Item1, 1), zeros(size.Item1, size.Item2)], zeros(size.Item1, dtype: ScalarType.Int64))),
            DataBudget.Batches(2));

        collected.Batches.Select(batch => batch.Input.Samples).Should().Equal(3, 1);
    }

    [Fact]
    public void Shapes_OfSeveralInputs_AreChecked()
    {
        PruningData.Shapes([3, 4], [5]).SampleShapes.Should().BeEquivalentTo((long[][])[[3, 4], [5]]);
        foreach (long[][] wrong in (long[][][])[[], [[]], [[3], [2, 0]]])
            FluentActions.Invoking(() => PruningData.Shapes(wrong)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => PruningData.Shapes(null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => PruningData.Shapes([1], null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void From_Null_IsNamed()
    {
        FluentActions.Invoking(() => PruningData.From<int>(null!, _ => ([], null!))).Should().Throw<ArgumentNullException>().WithParameterName("batches");
        FluentActions.Invoking(() => PruningData.From<int>([], null!)).Should().Throw<ArgumentNullException>().WithParameterName("pick");
    }

    // Two inputs of one number each, the second 100 larger.
    private static PruningData Data(float[] samples, long[] labels, float[]? more = null, long[]? moreLabels = null)
    {
        List<(float[] Samples, long[] Labels)> batches = [(samples, labels)];
        if (more is not null) batches.Add((more, moreLabels!));
        return PruningData.From(batches, batch =>
        {
            var (input, target) = Batch(batch.Samples, batch.Labels);
            return ([input, input + 100], target);
        });
    }

    private sealed record Pair(Tensor Left, Tensor Right, Tensor Label);
}
