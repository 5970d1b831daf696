using Px.Pruning.Scopes;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Scopes;

public sealed class ScoreSampleTests : IDisposable
{
    private const int Weights = 20_000;
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(0.001)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public void Around_AnyCount_IsANarrowIntervalThatHoldsTheThreshold(double density)
    {
        double[] scores = [.. Enumerable.Range(0, Weights).Select(i => (double)i)];
        new Random(3).Shuffle(scores);
        var count = (int)(density * Weights);

        var interval = ScoreSample.Around([Rankings.Scored("a", scores[..7000]), Rankings.Scored("b", scores[7000..])], Weights, count);

        double threshold = Weights - count;
        interval.Low.Should().BeLessThanOrEqualTo(threshold);
        interval.High.Should().BeGreaterThanOrEqualTo(threshold);
        scores.Count(score => score >= interval.Low && score <= interval.High).Should().BeLessThan(Weights / 8);
    }

    [Fact]
    public void Around_HardlyAnyAlive_IsEverything()
    {
        int[] alive = [.. Enumerable.Range(0, Weights).Select(i => i < 20 ? 1 : 0)];

        ScoreSample.Around([Rankings.Scored("w", new double[Weights], alive)], 20, 10).Should().Be(ScoreInterval.Everything);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Select_SampleThatMisleads_KeepsWhatSortingKeeps(int sign)
    {
        double[] indices = [.. Enumerable.Range(0, Weights).Select(i => (double)i)];
        var seen = new double[ScoreSample.Size];
        int drawn = ScoreSample.Draw([Rankings.Scored("w", indices)], seen);
        drawn.Should().BeGreaterThan(ScoreSample.Size / 2);
        // Whatever the sample sees lies on one side of all else.
        double[] scores = [.. indices];
        foreach (double index in seen.AsSpan(0, drawn)) scores[(int)index] += sign * Weights;

        ScoredParameter[] parameters = [Rankings.Scored("w", scores)];
        var guess = ScoreSample.Around(parameters, Weights, Weights / 2);
        double threshold = scores.OrderDescending().ElementAt(Weights / 2 - 1);
        (guess.Low <= threshold && threshold <= guess.High).Should().BeFalse("the test is about a wrong guess");

        TopK.Select(parameters, Weights / 2)[0].bytes.ToArray().Should().Equal(Rankings.StableSort(parameters, Weights / 2));
    }
}
