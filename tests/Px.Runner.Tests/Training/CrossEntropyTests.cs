using Px.Runner.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Runner.Tests.Training;

public sealed class CrossEntropyTests
{
    // Three pixels of two classes: the logits (0, ln 3) give the probabilities 1/4 and 3/4.
    private static readonly float Ln3 = MathF.Log(3);

    [Fact]
    public void Mean_IgnoredPixels_CountNeitherAboveNorBelowTheLine()
    {
        using var temporaries = NewDisposeScope();
        var loss = new CrossEntropy { IgnoreLabel = 11 };

        // −(ln 1/4 + ln 3/4) / 2
        loss.Mean(Logits(), Target(0, 1, 11)).ToDouble().Should().BeApproximately(-(Math.Log(0.25) + Math.Log(0.75)) / 2, 1e-6);
    }

    [Fact]
    public void Mean_NothingIgnored_IsTorchs()
    {
        using var temporaries = NewDisposeScope();

        new CrossEntropy().Mean(Logits(), Target(0, 1, 0)).ToDouble().Should().BeApproximately(-((2 * Math.Log(0.25)) + Math.Log(0.75)) / 3, 1e-6);
    }

    [Fact]
    public void Mean_EveryPixelIgnored_IsZeroWithAZeroGradient()
    {
        using var temporaries = NewDisposeScope();
        var logits = Logits().requires_grad_();

        var mean = new CrossEntropy { IgnoreLabel = 255 }.Mean(logits, Target(255, 255, 255));
        mean.backward();

        mean.ToDouble().Should().Be(0);
        logits.grad!.abs().sum().ToDouble().Should().Be(0);
    }

    private static Tensor Logits() => tensor(new[] { 0f, 0, 0, Ln3, Ln3, Ln3 }).reshape(1, 2, 1, 3);

    private static Tensor Target(params long[] labels) => tensor(labels).reshape(1, 1, 3);
}
