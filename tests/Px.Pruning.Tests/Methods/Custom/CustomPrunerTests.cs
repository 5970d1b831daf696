using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Custom;

/// <summary>A criterion of one's own has all that the library's own methods have, and no more can go wrong.</summary>
public sealed class CustomPrunerTests : IDisposable
{
    private readonly DisposeScope tensorsOfTheTest = NewDisposeScope();

    private static CustomPruner Magnitude => new("mine", context => context.Parameters.ToDictionary(p => p.Name, p => p.Weight.abs())) { UsesData = false };

    private static CustomPruner Snip => new("mine", context =>
    {
        var gradients = context.Gradients(context.Loss);
        return context.Parameters.ToDictionary(p => p.Name, p => (p.Weight * gradients[p.Name]).abs());
    });

    private static PruningData Data => PruningData.From([Samples.Normal(8, [3, 8, 8]), Samples.Normal(8, [3, 8, 8], seed: 8)]);

    public void Dispose() => tensorsOfTheTest.Dispose();

    [Theory]
    [InlineData("magnitude", 1)]
    [InlineData("magnitude", 4)]
    [InlineData("snip", 1)]
    [InlineData("snip", 4)]
    public void TheLibrarysOwnCriterion_InTenLines_GivesItsScoresAndMasksToTheBit(string name, int rounds)
    {
        Pruner expected = name == "snip" ? new SnipPruner() : new MagnitudePruner();
        var mine = name == "snip" ? Snip : Magnitude;
        var options = new PruningOptions { Rounds = rounds, Seed = 1, Data = DataBudget.All };

        using var theirScores = expected.Score(Net(), Data, options: options);
        using var myScores = mine.Score(Net(), Data, options: options);
        using var theirs = expected.Prune(Net(), Data, 0.8, options);
        using var my = mine.Prune(Net(), Data, 0.8, options);

        foreach (string parameter in theirScores.Names)
        {
            myScores[parameter].bytes.ToArray().Should().Equal(theirScores[parameter].bytes.ToArray(), parameter);
            my.Mask[parameter].bytes.ToArray().Should().Equal(theirs.Mask[parameter].bytes.ToArray(), parameter);
        }

        my.Report.ToString().Should().Be(theirs.Report.ToString().Replace(expected.Name, "mine", StringComparison.Ordinal));
    }

    [Fact]
    public void Gradients_OfAnInputOfOnesOwn_AreThoseOfAutograd()
    {
        var model = Net();
        model.eval();
        var input = Samples.Normal(2, [3, 8, 8]).Input;
        IReadOnlyDictionary<string, Tensor>? found = null;
        var pruner = new CustomPruner("mine", context =>
        {
            found = context.Gradients(input, output => output.square().sum());
            foreach (var gradient in found.Values) gradient.DetachFromDisposeScope();
            return context.Parameters.ToDictionary(p => p.Name, p => p.Weight);
        })
        { UsesData = false, NormStatistics = NormStatistics.Running };

        pruner.Score(model, PruningData.Shape(3, 8, 8)).Dispose();
        model.call(input).square().sum().backward();

        foreach (var (name, gradient) in found!)
            gradient.allclose(model.get_parameter(name)!.grad!.to(float64), rtol: 1e-4, atol: 1e-5).Should().BeTrue(name);
    }

    [Fact]
    public void Context_InEveryRound_TellsRoundMaskAndSeed()
    {
        var seen = new List<(int Round, long Kept, long Seed)>();
        var pruner = new CustomPruner("mine", context =>
        {
            seen.Add((context.Round, context.Parameters.Sum(p => p.Mask.sum().ToInt64()), context.Seed));
            return context.Parameters.ToDictionary(p => p.Name, p => p.Weight.abs());
        })
        { UsesData = false, Rounds = 3 };
        var model = Net();

        using var result = pruner.Prune(model, PruningData.None, 0.875, new PruningOptions { Seed = 5 });

        long total = result.Mask.Total;
        seen.Should().Equal((1, total, 5), (2, (long)Math.Round(total / 2.0, MidpointRounding.AwayFromZero), 5), (3, (long)Math.Round(total / 4.0, MidpointRounding.AwayFromZero), 5));
    }

    [Fact]
    public void Scores_ThatAreNotWhatIsAskedFor_AreRefusedByName()
    {
        void Refuses<T>(Func<PruningContext, IEnumerable<KeyValuePair<string, Tensor>>> score, string message) where T : Exception
        {
            var model = Net();
            var before = ModelState.Of(model);
            var act = () => new CustomPruner("mine", score) { UsesData = false }.Prune(model, PruningData.None, 0.5);
            act.Should().Throw<T>().WithMessage(message);
            ModelState.Of(model).ShouldEqual(before);
        }

        Dictionary<string, Tensor> Right(PruningContext context) => context.Parameters.ToDictionary(p => p.Name, p => p.Weight.abs());

        Refuses<ArgumentException>(_ => null!, "*returned null*");
        Refuses<ArgumentException>(context => Right(context).Skip(1), "*no scores for 'conv1.weight'*");
        Refuses<ArgumentException>(context => Right(context).Append(KeyValuePair.Create("conv1.weight", ones(1))), "*'conv1.weight' twice*");
        Refuses<ArgumentException>(context => Right(context).Append(KeyValuePair.Create("conv9.weight", ones(1))), "*'conv9.weight' is no parameter*");
        Refuses<ArgumentException>(
            context => context.Parameters.ToDictionary(p => p.Name, p => p.Name == "fc.weight" ? ones(2, 3) : p.Weight), "*'fc.weight'*[2, 3]*[4, 8]*");
        Refuses<NonFiniteScoreException>(context => context.Parameters.ToDictionary(p => p.Name, p => p.Weight / 0), "*conv1.weight*");
        Refuses<IOException>(_ => throw new IOException("mine"), "mine");
    }

    [Fact]
    public void RevivesWeights_LetsThemReturn()
    {
        // The first round keeps the largest, the second ranks all anew and keeps the smallest.
        CustomPruner Turning(bool revives) => new("mine", context => context.Parameters.ToDictionary(
            p => p.Name, p => full(p.Weight.shape, 1.0, float64) * (context.Round == 1 ? 1 : -1) * arange(p.Weight.numel(), float64).reshape(p.Weight.shape)))
        { UsesData = false, RevivesWeights = revives };
        var options = new PruningOptions { Rounds = 2, Parameters = ParameterSelection.Default.Where((name, _) => name == "fc.weight") };

        using var revived = Turning(true).Prune(Net(), PruningData.None, 0.75, options);
        using var strict = Turning(false).Prune(Net(), PruningData.None, 0.75, options);

        Kept(revived).Should().Equal(0, 1, 2, 3, 4, 5, 6, 7);
        Kept(strict).Should().Equal(16, 17, 18, 19, 20, 21, 22, 23);

        static IEnumerable<int> Kept(PruningResult result) =>
            result.Mask["fc.weight"].bytes.ToArray().Select((kept, i) => (kept, i)).Where(w => w.kept != 0).Select(w => w.i);
    }

    private static ConvNet Net()
    {
        manual_seed(4);
        return new ConvNet();
    }
}
