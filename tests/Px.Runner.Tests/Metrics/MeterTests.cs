using Px.Runner.Metrics;
using static TorchSharp.torch;

namespace Px.Runner.Tests.Metrics;

public sealed class MeterTests
{
    [Fact]
    public void Accuracy_TwoBatches_CountsAllSamples()
    {
        using var temporaries = NewDisposeScope();
        var meter = new AccuracyMeter();

        meter.Add(tensor(new[] { 1f, 0, 0, 1, 2, 3 }).reshape(3, 2), tensor(new[] { 0L, 1, 0 }));
        meter.Add(tensor(new[] { 1f, 0 }).reshape(1, 2), tensor(new[] { 0L }));

        (meter.Right, meter.Seen, meter.Value).Should().Be((3, 4, 0.75));
    }

    [Fact]
    public void MeanIou_HandComputedCase_IsExact()
    {
        // truth      0 0 0 1 1 2
        // prediction 0 0 1 1 2 2
        // class 0: 2 / 3; class 1: 1 / 3; class 2: 1 / 2
        var matrix = Filled(3, [0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2]);

        matrix.Iou(0).Should().Be(2.0 / 3);
        matrix.Iou(1).Should().Be(1.0 / 3);
        matrix.Iou(2).Should().Be(0.5);
        matrix.MeanIou.Should().BeApproximately(0.5, 1e-15);
        matrix.PixelAccuracy.Should().Be(4.0 / 6);
        matrix[0, 1].Should().Be(1);
    }

    [Fact]
    public void MeanIou_ClassNeitherTrueNorPredicted_IsLeftOut()
    {
        var matrix = Filled(3, [0, 1], [0, 1]);

        matrix.Iou(2).Should().BeNull();
        matrix.MeanIou.Should().Be(1);
    }

    [Fact]
    public void MeanIou_ClassPredictedButNeverTrue_CountsAsZero()
    {
        var matrix = Filled(3, [0, 2], [0, 0]);

        matrix.Iou(2).Should().Be(0);
        matrix.MeanIou.Should().Be(0.25, "class 0 has 1 / 2, class 1 does not count");
    }

    [Fact]
    public void MeanIou_IgnoredLabels_CountNowhere()
    {
        var matrix = Filled(2, [0, 1, 1, 0], [0, 255, -1, 2]);

        matrix.Iou(0).Should().Be(1);
        matrix.Iou(1).Should().BeNull("it was predicted only where nothing is known");
    }

    [Fact]
    public void MeanIou_SeveralBatches_IsOfAllPixelsAndNotAMeanOfImages()
    {
        var matrix = Filled(2, [0, 1], [0, 0]);
        using var temporaries = NewDisposeScope();

        matrix.Add(tensor(new[] { 0f, 0, 0, 1, 1, 1 }).reshape(1, 2, 3), tensor(new[] { 1L, 1, 1 }).reshape(1, 3));

        // class 0: 1 / 2; class 1: 3 / 4
        matrix.MeanIou.Should().Be(0.625);
    }

    [Fact]
    public void MeanIou_NothingSeen_IsNotANumber() => new ConfusionMatrix(2).MeanIou.Should().Be(double.NaN);

    private static ConfusionMatrix Filled(int classes, long[] predictions, long[] truth)
    {
        using var temporaries = NewDisposeScope();
        var matrix = new ConfusionMatrix(classes);
        matrix.AddLabels(tensor(predictions), tensor(truth));
        return matrix;
    }
}
