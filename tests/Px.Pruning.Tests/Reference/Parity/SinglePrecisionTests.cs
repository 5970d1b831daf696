using Px.Pruning.Engine;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>
/// Models in float32: their scores lie as near to float64's as those of the plain computation. <see cref="Tolerance"/> says why by medians.
/// </summary>
public class SinglePrecisionTests(ITestOutputHelper log)
{
    private static readonly string[] Deep = ["resnet20", "vgg16-bn"];

    /// <summary>Where no gate decides, or so few that the oracle's seeds keep all of them clear.</summary>
    public static TheoryData<string, bool> GoldenCases() => Cases(golden => !IsDeepWithGates(golden));

    public static TheoryData<string, bool> DeepCases() => Cases(IsDeepWithGates);

    /// <summary>Without a mask, FORCE is SNIP.</summary>
    public static TheoryData<string, bool> SmoothCases() =>
        Cases(golden => IsDeepWithGates(golden) && PlainScores.Knows(golden.Method) && (golden.HasMasks || golden.Method != "force"));

    public static TheoryData<string, bool> PlainCases() => Cases(golden => PlainScores.Knows(golden.Method) && golden.Network != "vgg16-bn");

    [Theory, MemberData(nameof(GoldenCases))]
    public void Score_OnTheOraclesSeeds_LiesNearTheOracle(string name, bool last)
    {
        var golden = GoldenFile.Load(name);
        var (expected, family) = (last ? golden.LastRound! : golden.FirstRound, ReferencePruners.Family(golden));

        var found = SinglePrecision.Of(Score(golden, ScalarType.Float32, last), expected, family);
        var limit = Tolerance.Median(golden.Method);
        if (limit == 0)
        {
            var scores = PlainScores.Of(golden, ScalarType.Float32, Mask(golden, last));
            var plain = SinglePrecision.Of(layer => scores[layer], expected, family);
            log.WriteLine($"plain computation: {plain}");
            limit = Tolerance.Luck * plain.Median + Tolerance.Roundings;
        }

        log.WriteLine($"library: {found}");
        found.Median.Should().BeLessThanOrEqualTo(limit);
        found.FarOff.Should().BeLessThanOrEqualTo(Tolerance.ShareFarOff);
    }

    /// <summary>
    /// GELUs and average pools instead of ReLUs and max-pools, so that rounding is all that there is, against the plain computation in float64.
    /// </summary>
    [Theory, MemberData(nameof(SmoothCases))]
    public void Score_DeepNetworkWithoutGates_IsAsExactAsThePlainComputation(string name, bool last)
    {
        var file = GoldenFile.Load(name);
        var golden = file with { Network = file.Network + "-smooth" };
        var family = ReferencePruners.Family(golden);
        var exact = PlainScores.Of(golden, ScalarType.Float64, Mask(golden, last));
        var plain = PlainScores.Of(golden, ScalarType.Float32, Mask(golden, last));

        var found = SinglePrecision.Of(Score(golden, ScalarType.Float32, last), exact, family);
        var expected = SinglePrecision.Of(layer => plain[layer], exact, family);

        log.WriteLine($"plain computation: {expected}\nlibrary: {found}");
        var limit = Tolerance.Luck * expected.Median + Tolerance.Roundings;
        found.Median.Should().BeLessThanOrEqualTo(Math.Max(Tolerance.Median(golden.Method), limit));
        found.FarOff.Should().BeLessThanOrEqualTo(Tolerance.ShareFarOff);
    }

    /// <summary>
    /// One gate of some 500,000 that falls otherwise may move half of all scores by a hundredth of the largest. More is wrong on any machine.
    /// </summary>
    [Theory, MemberData(nameof(DeepCases))]
    public void Score_DeepNetworkWithGates_IsTheOraclesBeyondAnyGate(string name, bool last)
    {
        var golden = GoldenFile.Load(name);
        var expected = last ? golden.LastRound! : golden.FirstRound;
        var scores = Score(golden, ScalarType.Float32, last);

        var found = SinglePrecision.Of(scores, expected, ReferencePruners.Family(golden));

        log.WriteLine($"library: {found}");
        found.OfLargest.Should().BeLessThanOrEqualTo(1e-2);
        foreach (var layer in expected.Layers)
            ScoreComparison.Close(scores(layer.Name).Sum(Math.Abs), layer.Sum, 0.05 * layer.Sum, $"the sum of {layer.Name}");
    }

    /// <summary>The plain computation is what the two tests above take it for.</summary>
    [Theory, MemberData(nameof(PlainCases))]
    public void Score_PlainComputationInFloat64_EqualsTheOracle(string name, bool last)
    {
        var golden = GoldenFile.Load(name);
        var plain = PlainScores.Of(golden, ScalarType.Float64, Mask(golden, last));

        var expected = last ? golden.LastRound! : golden.FirstRound;
        ScoreComparison.AssertEqual(layer => plain[layer], expected, Tolerance.Of(ScoreFamily.SecondOrder), ScoreFamily.SecondOrder);
    }

    /// <summary>
    /// Whether a gradient passes so many gates that float32 may see one otherwise. The released PX differentiates a network without activations, but
    /// with max-pools where there are any.
    /// </summary>
    private static bool IsDeepWithGates(GoldenFile golden) =>
        Deep.Contains(golden.Network)
        && ReferencePruners.Family(golden) != ScoreFamily.PathSum
        && (golden.Method, golden.Network) != ("px-released", "resnet20");

    /// <summary>Some of the golden files, in the first round and, where they have it, in the last.</summary>
    private static TheoryData<string, bool> Cases(Func<GoldenFile, bool> accepts)
    {
        var data = new TheoryData<string, bool>();
        foreach (var name in ReferencePruners.Cases())
        {
            var golden = GoldenFile.Load(name);
            if (!accepts(golden)) continue;
            data.Add(name, false);
            if (golden.HasMasks) data.Add(name, true);
        }
        return data;
    }

    private static string? Mask(GoldenFile golden, bool last) => last ? golden.MaskBeforeLastRound : null;

    /// <summary>The library's scores of each layer.</summary>
    private static Func<string, double[]> Score(GoldenFile golden, ScalarType type, bool last)
    {
        using var problem = ReferenceProblem.Create(golden, type);
        using var mask = last ? GoldenMask.Create(golden, golden.MaskBeforeLastRound!) : null;
        var pruner = ReferencePruners.Create(golden, last ? golden.Kept.Length - 1 : 0);
        using var scores = pruner.Score(problem.Model, PruningData.From(problem.Batches), mask, ReferencePruners.Options(golden));
        var values = scores.Names.ToDictionary(name => name, name => ScoreComparison.Values(scores, name));
        return name => values[name];
    }
}
