using static TorchSharp.torch;

namespace Px.Runner.Metrics;

/// <summary>How often each class was taken for each: what intersection over union is computed from.</summary>
/// <remarks>
/// <para><c>IoU(c) = TP / (TP + FP + FN)</c> over all pixels that were added, not image by image.</para>
/// <para>A class that is neither in the truth nor in any prediction has no IoU and is left out of the mean. One that is absent from the truth but
/// predicted somewhere has 0, and counts. Pixels whose true label is ignored, or is no class, count nowhere.</para>
/// </remarks>
/// <param name="classes">The number of classes, at least 1.</param>
public sealed class ConfusionMatrix(int classes) : IMeter
{
    private readonly long[] counts = new long[classes * classes];

    public string Name => "mean IoU";

    /// <summary>The mean of the classes' IoU; NaN where no class was seen.</summary>
    public double Value => MeanIou;

    /// <summary>The mean of the classes' IoU; NaN where no class was seen.</summary>
    public double MeanIou => Enumerable.Range(0, classes).Select(Iou).OfType<double>().DefaultIfEmpty(double.NaN).Average();

    /// <summary>The fraction of labelled pixels that were classified rightly; NaN where there are none.</summary>
    public double PixelAccuracy => (double)Enumerable.Range(0, classes).Sum(c => this[c, c]) / counts.Sum();

    /// <summary>How many pixels of class <paramref name="truth"/> were taken for <paramref name="prediction"/>.</summary>
    public long this[int truth, int prediction] => counts[(truth * classes) + prediction];

    /// <summary>The intersection over union of one class; null where it is neither in the truth nor in any prediction.</summary>
    public double? Iou(int label)
    {
        var both = this[label, label];
        var either = Enumerable.Range(0, classes).Sum(other => this[label, other] + this[other, label]) - both;
        return either == 0 ? null : (double)both / either;
    }

    /// <summary>Adds a batch by its largest logits.</summary>
    /// <param name="logits">[B, K, …].</param>
    /// <param name="target">Class indices [B, …].</param>
    public void Add(Tensor logits, Tensor target)
    {
        using var predictions = logits.argmax(1);
        AddLabels(predictions, target);
    }

    /// <summary>Adds labels.</summary>
    /// <param name="predictions">Class indices, int64, each of a class.</param>
    /// <param name="target">The true ones, of the same shape; what is no class is ignored.</param>
    public void AddLabels(Tensor predictions, Tensor target)
    {
        using var temporaries = NewDisposeScope();
        var labelled = target.ge(0).logical_and(target.lt(classes));
        var cells = (target * classes + predictions).masked_select(labelled);
        var added = cells.cpu().bincount(null, counts.Length).data<long>().ToArray();
        for (var cell = 0; cell < counts.Length; cell++)
            counts[cell] += added[cell];
    }
}
