using TorchSharp;
using static TorchSharp.torch;

namespace Px.Runner.Metrics;

/// <summary>The fraction of samples whose largest logit is that of their class.</summary>
public sealed class AccuracyMeter : IMeter
{
    public string Name => "accuracy";

    /// <summary>Samples that were classified rightly.</summary>
    public long Right { get; private set; }

    /// <summary>All samples.</summary>
    public long Seen { get; private set; }

    public double Value => (double)Right / Seen;

    public void Add(Tensor logits, Tensor target)
    {
        using var temporaries = NewDisposeScope();
        Right += logits.argmax(1).eq(target).sum().ToInt64();
        Seen += target.numel();
    }
}
