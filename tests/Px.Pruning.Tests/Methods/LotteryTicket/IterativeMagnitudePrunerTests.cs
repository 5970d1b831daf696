using Px.Pruning.Tests.Masking;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.LotteryTicket;

public sealed class IterativeMagnitudePrunerTests
{
    private static readonly PruningOptions threeRounds = new() { Rounds = 3, Seed = 5 };

    [Fact]
    public void Prune_KnownTrainedWeights_RemovesTheSmallestSurvivorsOfEachRound()
    {
        using var scope = NewDisposeScope();
        using var model = Linear(6, 1, hasBias: false);
        float[][] trained = [[6, -5, 4, -3, 2, 1], [1, -9, 8, -7, 6, 99], [9, 5, -2, 7, 99, 99]];
        var imp = new IterativeMagnitudePruner((m, round) => Set((Linear)m, trained[round.Number - 1]));

        // 6 weights: 4, 3, 2 are kept. Round 1 leaves 6 -5 4 -3, round 2 of these -9 8 -7, round 3 of these 5 and 7. Pruned ones do not
        // return, however large the callback makes them.
        var options = threeRounds with { Schedule = SparsitySchedule.Custom((round, _, _) => round == 1 ? 4 / 6.0 : 3 / 6.0) };
        using var result = imp.Prune(model, PruningData.None, 4 / 6.0, options);

        result.Mask["weight"].data<bool>().ToArray().Should().Equal(false, true, false, true, false, false);
    }

    [Fact]
    public void Prune_CallbackThatDoesNothing_IsMagnitudePruning()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var twin = Net();
        using var expected = new MagnitudePruner().Prune(twin, PruningData.None, 0.7);

        using var result = new IterativeMagnitudePruner((_, _) => { }).Prune(model, PruningData.None, 0.7, threeRounds);

        result.Mask.Jaccard(expected.Mask).Should().Be(1);
        ShouldBeMasked(model, Copy(twin), expected.Mask);
    }

    [Fact]
    public void Prune_WithTraining_HoldsTheMaskAndEndsAtTheInitialWeights()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var initial = Copy(model);
        var densities = new List<double>();
        var rounds = new List<(int, int)>();

        using var result = new IterativeMagnitudePruner((m, round) =>
        {
            Train(m, round);
            round.Binding.AssertHeld();
            densities.Add(round.Density);
            rounds.Add((round.Number, round.Rounds));
        }).Prune(model, PruningData.Shape(3, 8, 8), 0.784, threeRounds);

        rounds.Should().Equal((1, 3), (2, 3), (3, 3));
        densities[0].Should().Be(1);
        densities[1].Should().BeApproximately(0.6, 1e-3, "0.216 is 0.6 cubed");
        densities[2].Should().BeApproximately(0.36, 1e-3);
        ShouldBeMasked(model, initial, result.Mask);
        result.Binding.AssertHeld();
        result.Report.Kept.Should().Be((long)Math.Round(0.216 * result.Mask.Total));
        result.Mask.Metadata["method"].Should().Be("IMP");
        result.Mask.Metadata["rewind"].Should().Be("initialisation");
    }

    [Fact]
    public void Prune_EachRound_BeginsWithTheModelAsFoundButMasked()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        model.eval();
        model.parameters().First().requires_grad = false;
        model.BiasOf("fc").grad = ones_like(model.BiasOf("fc"));
        var (initial, before) = (Copy(model), ModelState.Of(model));
        int looked = 0;

        using var result = new IterativeMagnitudePruner((m, round) =>
        {
            m.training.Should().BeFalse();
            m.parameters().First().requires_grad.Should().BeFalse();
            m.BiasOf("fc").grad.Should().BeNull("the caller's gradient is set aside");
            foreach (var (name, value) in m.state_dict())
            {
                using var same = value.eq(initial[name]).logical_or(value.eq(0)).all();
                same.ToBoolean().Should().BeTrue(name);
            }

            looked++;
            m.train();
            m.parameters().First().requires_grad = true;
            Train(m, round);
        }).Prune(model, PruningData.None, 0, threeRounds);

        looked.Should().Be(3);
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_RewindPointInTheFirstRound_IsWhereLaterRoundsAndTheResultBegin()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        Dictionary<string, Tensor>? early = null;

        using var result = new IterativeMagnitudePruner((m, round) =>
        {
            if (round.Number > 1) m.state_dict()["bn1.running_mean"].allclose(early!["bn1.running_mean"], 0, 0).Should().BeTrue();
            Train(m, round);
            if (round.Number != 1) return;
            round.SaveRewindPoint();
            early = Copy(m);
            Train(m, round);
        }).Prune(model, PruningData.None, 0.7, threeRounds);

        ShouldBeMasked(model, early!, result.Mask);
        result.Mask.Metadata["rewind"].Should().Be("early");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Callback_ThatThrowsAfterItReplacedALayer_IsHeardAndTheRestIsRestored(bool prunes)
    {
        using var scope = NewDisposeScope();
        using var small = Linear(4, 2);
        using var model = Sequential(("conv", Conv2d(3, 4, 8)), ("flatten", Flatten()), ("fc", small));
        model.eval();
        var before = Copy(model);
        var imp = new IterativeMagnitudePruner((m, _) =>
        {
            m.train();
            using (no_grad()) foreach (var parameter in m.parameters()) parameter.fill_(3);
            small.weight = new TorchSharp.Modules.Parameter(zeros(2, 9));
            throw new IOException("disk gone");
        });

        Action act = prunes
            ? () => imp.Prune(model, PruningData.None, 0.5, threeRounds)
            : () => imp.Score(model, PruningData.None);

        act.Should().Throw<IOException>().WithMessage("disk gone");
        model.training.Should().BeFalse();
        foreach (string name in new[] { "conv.weight", "conv.bias", "fc.bias" })
            model.state_dict()[name].bytes.ToArray().Should().Equal(before[name].bytes.ToArray(), name);
    }

    [Fact]
    public void Checkpoint_ThatCannotBeDeleted_CostsNoResult()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var folder = Directory.CreateTempSubdirectory("imp");
        string file = Path.Combine(folder.FullName, "imp.safetensors");
        var options = threeRounds with
        {
            Progress = new Immediate(progress =>
            {
                if (progress.Round < progress.Rounds) return;
                File.Delete(file);
                Directory.CreateDirectory(Path.Combine(file, "full"));
            }),
        };

        using var result = new IterativeMagnitudePruner((_, _) => { }) { Checkpoint = file }.Prune(model, PruningData.None, 0.7, options);

        result.Mask.Sparsity.Should().BeApproximately(0.7, 1e-2);
        folder.Delete(recursive: true);
    }

    private sealed class Immediate(Action<PruningProgress> act) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => act(value);
    }

    [Fact]
    public void SaveRewindPoint_AtTheWrongTime_Throws()
    {
        using var model = Net();
        ImpRound? first = null;

        var inRoundTwo = () => new IterativeMagnitudePruner((_, round) => { if (round.Number == 2) round.SaveRewindPoint(); }).Prune(model, PruningData.None, 0.5, threeRounds);
        var twice = () => new IterativeMagnitudePruner((_, round) => { round.SaveRewindPoint(); round.SaveRewindPoint(); }).Prune(model, PruningData.None, 0.5, threeRounds);
        new IterativeMagnitudePruner((_, round) => first ??= round).Prune(model, PruningData.None, 0.5, threeRounds).Dispose();
        var later = () => first!.SaveRewindPoint();

        inRoundTwo.Should().Throw<InvalidOperationException>().WithMessage("*round 2*");
        twice.Should().Throw<InvalidOperationException>().WithMessage("*before*");
        later.Should().Throw<InvalidOperationException>().WithMessage("*over*");
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("nan")]
    [InlineData("cancels")]
    public void Prune_WhenARoundFails_LeavesEveryBitAndLeaksNothing(string how)
    {
        using var model = Net();
        using var bias = ones(4);
        model.BiasOf("fc").grad = bias;
        var before = ModelState.Of(model);
        Exception? caught = null;

        long left = LiveTensors.LeftBy(() =>
        {
            using var source = new CancellationTokenSource();
            var imp = new IterativeMagnitudePruner((m, round) =>
            {
                Train(m, round);
                if (round.Number == 1) round.SaveRewindPoint();
                if (round.Number < 2) return;
                if (how == "throws") throw new IOException("disk gone");
                if (how == "cancels") source.Cancel();
                using var scope = NewDisposeScope();
                using var noGrad = no_grad();
                if (how == "nan") m.state_dict()["conv2.weight"].fill_(float.NaN);
            });
            caught = Record.Exception(() => imp.Prune(model, PruningData.None, 0.5, threeRounds, source.Token));
        });

        caught.Should().BeAssignableTo(how switch { "throws" => typeof(IOException), "nan" => typeof(NonFiniteScoreException), _ => typeof(OperationCanceledException) });
        ModelState.Of(model).ShouldEqual(before);
        left.Should().Be(0);
        using var input = randn(2, 3, 8, 8);
        var call = () => model.call(input).Dispose();
        call.Should().NotThrow("no hook of a disposed binding is left");
    }

    [Fact]
    public void Prune_TensorsThatTheCallbackKeeps_OutliveTheCall()
    {
        using var model = Net();
        var kept = new List<Tensor>();

        new IterativeMagnitudePruner((_, _) => kept.Add(ones(3))).Prune(model, PruningData.None, 0.5, threeRounds).Dispose();

        kept.Should().HaveCount(3).And.OnlyContain(tensor => !tensor.IsInvalid);
        kept.ForEach(tensor => tensor.Dispose());
    }

    [Fact]
    public void Score_OfTheTrainedModel_IsItsMagnitudeAndTheModelIsAsFound()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        using var mask = new PruningMask(model.state_dict().Where(t => t.Key == "conv1.weight").ToDictionary(t => t.Key, t => t.Value.detach().gt(0)));
        var before = ModelState.Of(model);
        Dictionary<string, Tensor>? trained = null;

        using var scores = new IterativeMagnitudePruner((m, round) =>
        {
            Train(m, round);
            trained = Copy(m);
        }).Score(model, PruningData.None, mask);

        foreach (string name in scores.Names)
            scores[name].allclose(trained![name].to(float64).abs(), 0, 0).Should().BeTrue(name);
        scores["conv1.weight"].eq(0).sum().ToInt64().Should().Be(mask.Total - mask.Kept);
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.2, 1)]
    [InlineData(0.36, 2)]
    [InlineData(0.361, 3)]
    [InlineData(0.9, 11)]
    public void RoundsFor_TwentyPerCentARound_IsTheLeastThatReachesTheSparsity(double sparsity, int rounds) =>
        IterativeMagnitudePruner.RoundsFor(sparsity).Should().Be(rounds);

    [Theory]
    [InlineData(1, 0.2)]
    [InlineData(0.5, 0)]
    [InlineData(0.5, 1)]
    [InlineData(0.5, double.NaN)]
    public void RoundsFor_OutsideTheRanges_Throws(double sparsity, double perRound)
    {
        var act = () => IterativeMagnitudePruner.RoundsFor(sparsity, perRound);

        act.Should().Throw<ArgumentOutOfRangeException>();
    }

    internal static ConvNet Net(int seed = 3)
    {
        manual_seed(seed);
        return new ConvNet();
    }

    /// <summary>Three steps of SGD with momentum on data of the round's own.</summary>
    internal static void Train(Module<Tensor, Tensor> model, ImpRound round)
    {
        using var scope = NewDisposeScope();
        model.train();
        var (input, target) = Samples.Normal(8, [3, 8, 8], seed: (ulong)round.Seed);
        using var optimizer = optim.SGD(model.parameters().Where(p => p.requires_grad), 0.2, momentum: 0.9);
        for (int step = 0; step < 3; step++)
        {
            optimizer.zero_grad();
            functional.cross_entropy(model.call(input), target).backward();
            optimizer.step();
            round.Binding.Apply(optimizer);
        }
    }

    internal static Dictionary<string, Tensor> Copy(Module model) => model.state_dict().ToDictionary(t => t.Key, t => t.Value.detach().clone());

    private static void Set(Linear model, float[] weights)
    {
        using var noGrad = no_grad();
        using var values = tensor(weights);
        using var row = values.reshape(1, -1);
        model.weight.copy_(row);
    }

    /// <summary>Checks that a model holds given values, bit for bit, but zeros where the mask prunes.</summary>
    internal static void ShouldBeMasked(Module model, Dictionary<string, Tensor> expected, PruningMask mask)
    {
        foreach (var (name, value) in model.state_dict())
        {
            var wanted = mask.Contains(name) ? expected[name].masked_fill(mask[name].logical_not(), 0) : expected[name];
            value.detach().contiguous().bytes.ToArray().Should().Equal(wanted.contiguous().bytes.ToArray(), name);
        }
    }
}
