using Px.Pruning.Analysis;
using Px.Pruning.Tests.Networks;

namespace Px.Pruning.Tests.Reference.Paths;

/// <summary>The enumerator against numbers worked out by hand, against exact differences, and against the theory's own laws.</summary>
public sealed class PathEnumerationTests
{
    // Inputs x = (1, 1); hidden h = relu(W₁x), W₁ = [[1, 2], [3, -4]]: pre-activations 3 and -1, so only h₀ is on; output W₂ = [5, 6].
    // Paths x₀h₀: v = 5, x₁h₀: 10, x₀h₁: 18, x₁h₁: -24.
    private static readonly UnitGraph Hand = new UnitGraph(2).Linear(2, [1, 2, 3, -4]).Relu().Linear(1, [5, 6]);
    private static readonly double[][] One = [[1, 1]];

    public static TheoryData<string> Names => new(TinyNetwork.Names);

    [Fact]
    public void Scores_HandExample_AreEquation9()
    {
        var paths = new PathEnumeration(Hand);

        paths.Paths.Should().HaveCount(4);
        paths.Evaluate(One[0]).Should().Equal(15);
        paths.PathKernel().Should().Equal(25 + 100 + 324 + 576);
        paths.PathActivity(One[0]).Should().Equal(2);
        paths.Objective(One).Should().Be(2050);
        paths.Scores(One).Should().Equal(50, 200, 648, 1152, 250, 1800);
    }

    [Fact]
    public void Gradient_HandExample_IsScoreOverSquaredWeight()
    {
        new PathEnumeration(Hand).Gradient(One).Should().Equal(50, 50, 72, 72, 10, 50);
    }

    [Fact]
    public void JointScores_HandExample_CountActivePathsOnly()
    {
        var paths = new PathEnumeration(Hand);

        paths.JointObjective(One).Should().Be(25 + 100);
        paths.JointScores(One).Should().Equal(25, 100, 0, 0, 125, 0);
    }

    [Fact]
    public void NtkTrace_HandExample_IsTheSquaredGradientAndTheBoundLiesAbove()
    {
        var paths = new PathEnumeration(Hand);

        // ∂f/∂W₁ = [5, 5, 0, 0], ∂f/∂W₂ = [3, 0].
        paths.NtkTrace(One).Should().Be(25 + 25 + 9);
        // G = 2; the four paths' squared derivatives are 25 + 1, 25 + 4, 36 + 9, 36 + 16.
        paths.NtkBound(One).Should().Be(2 * (26 + 29 + 45 + 52));
    }

    [Fact]
    public void Scores_PrunedWeight_LosesItsPathsInBothFactors()
    {
        // Without x₁h₀ one active path of value 5 stays: G = 1, h = 25 + 324 + 576.
        var paths = new PathEnumeration(Hand, [true, false, true, true, true, true]);

        paths.Paths.Should().HaveCount(3);
        paths.Objective(One).Should().Be(925);
        paths.Scores(One).Should().Equal(25, 0, 324, 576, 25, 900);
    }

    [Theory, MemberData(nameof(Names))]
    public void PathSum_NetworkWithoutShifts_IsTheNetworksOutput(string name)
    {
        using var tiny = TinyNetwork.Create(name, shifts: false);
        var paths = new PathEnumeration(tiny.Graph, tiny.SomeMask());

        foreach (var x in tiny.Samples)
            paths.PathSum(x).Zip(paths.Evaluate(x)).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-12);
    }

    [Theory, MemberData(nameof(Names))]
    public void Scores_AnyWeight_AreWhatRLosesWithoutIt(string name)
    {
        // R is linear in each θⱼ² while G is held, so that the difference is exact.
        using var tiny = TinyNetwork.Create(name);
        var paths = new PathEnumeration(tiny.Graph);
        var activity = paths.Activity(tiny.Samples);
        var scores = paths.Scores(tiny.Samples);
        double R(PathEnumeration of) => of.PathKernel().Zip(activity, (h, g) => h * g).Sum();

        for (var j = 0; j < scores.Length; j++)
        {
            var without = tiny.Graph.Weights.Select((value, i) => i == j ? 0 : value).ToArray();
            var loss = R(paths) - R(new PathEnumeration(tiny.Graph, theta: without));
            scores[j].Should().BeApproximately(loss, 1e-12 * R(paths));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void NtkTrace_NetworkWithoutShifts_IsThatOfFiniteDifferences(string name)
    {
        using var tiny = TinyNetwork.Create(name, shifts: false);
        var paths = new PathEnumeration(tiny.Graph);
        const double step = 1e-6;
        PathEnumeration Moved(int j, double by) => new(tiny.Graph, theta: tiny.Graph.Weights.Select((value, i) => i == j ? value + by : value).ToArray());

        var trace = 0.0;
        for (var j = 0; j < tiny.Graph.Weights.Count; j++)
        {
            var (above, below) = (Moved(j, step), Moved(j, -step));
            trace += tiny.Samples.Sum(x => above.Evaluate(x).Zip(below.Evaluate(x), (a, b) => Math.Pow((a - b) / (2 * step), 2)).Sum());
        }

        paths.NtkTrace(tiny.Samples).Should().BeApproximately(trace, 1e-6 * trace);
    }

    [Theory, MemberData(nameof(Names))]
    public void NtkBound_AnyNetwork_IsNotBelowTheTrace(string name)
    {
        using var tiny = TinyNetwork.Create(name);
        var paths = new PathEnumeration(tiny.Graph);

        paths.NtkTrace(tiny.Samples).Should().BePositive().And.BeLessThanOrEqualTo(paths.NtkBound(tiny.Samples));
    }

    [Theory, MemberData(nameof(Names))]
    public void Scores_FirstAndLastLayer_SumToR(string name)
    {
        using var tiny = TinyNetwork.Create(name);
        var paths = new PathEnumeration(tiny.Graph, tiny.SomeMask());
        var (R, joint) = (paths.Objective(tiny.Samples), paths.JointObjective(tiny.Samples));

        foreach (var layer in new[] { tiny.Layers[0], tiny.Layers[^1] })
        {
            paths.Scores(tiny.Samples).Skip(layer.First).Take(layer.Count).Sum().Should().BeApproximately(R, 1e-12 * R);
            paths.JointScores(tiny.Samples).Skip(layer.First).Take(layer.Count).Sum().Should().BeApproximately(joint, 1e-12 * joint);
        }
    }
}
