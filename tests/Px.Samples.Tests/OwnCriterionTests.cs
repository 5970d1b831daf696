using Px.Samples.OwnCriterion;
using static TorchSharp.torch;

namespace Px.Samples.Tests;

public sealed class OwnCriterionTests
{
    [Fact]
    public void Run_SmallResNet_ComparesMasks()
    {
        var run = SampleRun.Of(Sample.Run, "--depth", "8", "--sparsity", "0.98");

        run.ExitCode.Should().Be(0, run.Output);
        run.Output.Should().Contain("LAMP and Magnitude have ").And.Contain(" 0 by LAMP").And.Contain("Saliency and SNIP have 100.00 %");
    }

    [Fact]
    public void LampScores_OfAFewWeights_AreThoseOfTheDefinition()
    {
        using var temporaries = NewDisposeScope();
        double[] weights = [0.5, -2, 1, 0, 3, -0.25];

        var scores = Criteria.LampScores(tensor(weights).reshape(2, 3));

        scores.shape.Should().Equal(2, 3);
        var expected = weights.Select(weight => weight * weight / weights.Where(other => Math.Abs(other) >= Math.Abs(weight)).Sum(other => other * other)).ToList();
        scores.flatten().data<double>().ToArray().Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-15);
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--depth", "21")]
    [InlineData(2, "--sparsity", "1")]
    public void Run_NothingToDo_TellsByItsExitCode(int exitCode, params string[] arguments) => SampleRun.Of(Sample.Run, arguments).ExitCode.Should().Be(exitCode);
}
