using Px.Pruning.Tests.Networks;
using Px.Tests.Shared;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.LotteryTicket;

/// <summary>A run that ends in the middle goes on from its file, and gives what it would have given.</summary>
public sealed class ImpCheckpointTests : IDisposable
{
    private static readonly PruningOptions fiveRounds = new() { Rounds = 5, Seed = 8 };

    private readonly string folder = Directory.CreateTempSubdirectory("imp").FullName;

    private string File => Path.Combine(folder, "imp.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Prune_ResumedAfterTheProcessDied_EndsAsTheUninterruptedRun(bool rewindsEarly)
    {
        using var scope = NewDisposeScope();
        using var whole = IterativeMagnitudePrunerTests.Net();
        using var expected = Imp([], rewindsEarly, null).Prune(whole, PruningData.None, 0.8, fiveRounds);
        Interrupt(rewindsEarly);
        using var model = IterativeMagnitudePrunerTests.Net();
        var rounds = new List<int>();

        using var result = Imp(rounds, rewindsEarly, File).Prune(model, PruningData.None, 0.8, fiveRounds);

        rounds.Should().Equal(3, 4, 5);
        IterativeMagnitudePrunerTests.ShouldBeMasked(model, IterativeMagnitudePrunerTests.Copy(whole), expected.Mask);
        foreach (string name in expected.Mask.Names) result.Mask[name].bytes.ToArray().Should().Equal(expected.Mask[name].bytes.ToArray());
        result.Mask.Metadata.Should().BeEquivalentTo(expected.Mask.Metadata);
        Directory.GetFiles(folder).Should().BeEmpty("the run is over");
    }

    [Fact]
    public void Prune_WithoutASeed_GoesOnWithTheSeedOfTheFile()
    {
        using var scope = NewDisposeScope();
        var options = fiveRounds with { Seed = null };
        var seeds = new List<long>();
        IterativeMagnitudePruner Failing(int last) => new((m, round) =>
        {
            seeds.Add(round.Seed);
            if (round.Number == last) throw new IOException("killed");
        })
        { Checkpoint = File };
        using var model = IterativeMagnitudePrunerTests.Net();

        for (int i = 0; i < 2; i++) ((Action)(() => Failing(3).Prune(model, PruningData.None, 0.8, options))).Should().Throw<IOException>();

        seeds.Should().HaveCount(4);
        seeds[3].Should().Be(seeds[2], "both are round 3");
        seeds.Distinct().Should().HaveCount(3);
    }

    [Fact]
    public void Prune_CheckpointOfAnotherRun_NamesTheDifference()
    {
        using var scope = NewDisposeScope();
        Interrupt(false);
        var before = System.IO.File.ReadAllBytes(File);
        using var model = IterativeMagnitudePrunerTests.Net();
        using var other = IterativeMagnitudePrunerTests.Net(seed: 4);
        using var smaller = Sequential(Conv2d(3, 2, 3));
        void Refuses(Module<Tensor, Tensor> net, double sparsity, PruningOptions options, string difference) =>
            ((Action)(() => Imp([], false, File).Prune(net, PruningData.None, sparsity, options))).Should()
                .Throw<InvalidOperationException>().WithMessage($"*another run*{difference}*");

        Refuses(model, 0.7, fiveRounds, "densities is");
        Refuses(model, 0.8, fiveRounds with { Rounds = 6 }, "rounds is 6, in the file 5");
        Refuses(model, 0.8, fiveRounds with { Scope = PruningScope.LayerWise }, "scope is layer-wise, in the file global");
        Refuses(model, 0.8, fiveRounds with { Counting = WeightCounting.Truncated }, "counting is Truncated, in the file Rounded");
        Refuses(model, 0.8, fiveRounds with { Seed = 9 }, "seed is 9, in the file 8");
        Refuses(other, 0.8, fiveRounds, "initial weights is");
        Refuses(smaller, 0.8, fiveRounds, "the model has 'rewind/0.weight F32 ?2, 3, 3, 3?'");
        System.IO.File.ReadAllBytes(File).Should().Equal(before, "a checkpoint of another run is not touched");
    }

    [Fact]
    public void Prune_DamagedCheckpoint_IsRefusedAndTheModelIsAsFound()
    {
        using var model = IterativeMagnitudePrunerTests.Net();
        var before = ModelState.Of(model);
        Interrupt(false);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        foreach (byte[] damaged in new[] { whole[..(whole.Length / 2)], [], [.. whole, 0] })
        {
            System.IO.File.WriteAllBytes(File, damaged);

            var act = () => Imp([], false, File).Prune(model, PruningData.None, 0.8, fiveRounds);

            act.Should().Throw<InvalidDataException>();
            ModelState.Of(model).ShouldEqual(before);
        }
    }

    /// <summary>Damage is refused, wherever it is; a file that still says the same is resumed.</summary>
    [Fact]
    public void Prune_MutatedCheckpoint_IsRefusedOrResumedInItsRound()
    {
        using var model = IterativeMagnitudePrunerTests.Net();
        var before = ModelState.Of(model);
        Interrupt(false);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        var (broken, outcome) = (new BrokenFiles(9), new DocumentedExceptions(typeof(InvalidOperationException)));
        var imp = new IterativeMagnitudePruner((_, round) => throw new ResumedException(round.Number)) { Checkpoint = File };
        for (int i = 0; i < BrokenFiles.Count / 10; i++)
        {
            byte[] damaged = i == 0 ? whole : broken.Mutate(whole);
            System.IO.File.WriteAllBytes(File, damaged);

            outcome.Try(damaged, () =>
            {
                try
                {
                    imp.Prune(model, PruningData.None, 0.8, fiveRounds);
                }
                catch (ResumedException e) when (e.Round == 3 || damaged.AsSpan().IndexOf("\"px-sha256\""u8) < 0)
                {
                }
            });
        }

        outcome.Read.Should().BePositive();
        outcome.Refused.Should().BeGreaterThan(BrokenFiles.Count / 20);
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Prune_FlippedBitOfAWeight_IsRefused()
    {
        using var model = IterativeMagnitudePrunerTests.Net();
        Interrupt(false);
        byte[] damaged = System.IO.File.ReadAllBytes(File);
        damaged[^100] ^= 1;
        System.IO.File.WriteAllBytes(File, damaged);

        var act = () => Imp([], false, File).Prune(model, PruningData.None, 0.8, fiveRounds);

        act.Should().Throw<InvalidDataException>().WithMessage("*checksum*");
    }

    [Fact]
    public void Prune_CheckpointThatIsAFolder_IsNoticedBeforeTraining()
    {
        using var model = IterativeMagnitudePrunerTests.Net();
        var rounds = new List<int>();

        var act = () => Imp(rounds, false, folder).Prune(model, PruningData.None, 0.8, fiveRounds);

        act.Should().Throw<IOException>().WithMessage("*is a folder*");
        rounds.Should().BeEmpty();
    }

    private sealed class ResumedException(int round) : Exception
    {
        public int Round => round;
    }

    [Fact]
    public void Prune_OtherSafetensorsFile_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var model = IterativeMagnitudePrunerTests.Net();
        using (var mask = new PruningMask([KeyValuePair.Create("a", ones(2, ScalarType.Bool))])) mask.Save(File);

        var act = () => Imp([], false, File).Prune(model, PruningData.None, 0.8, fiveRounds);

        act.Should().Throw<InvalidDataException>().WithMessage("*not a checkpoint of IMP*");
    }

    [Fact]
    public void Prune_FolderThatIsNotThere_IsNoticedBeforeTraining()
    {
        using var model = IterativeMagnitudePrunerTests.Net();
        var rounds = new List<int>();

        var act = () => Imp(rounds, false, Path.Combine(folder, "missing", "imp.safetensors")).Prune(model, PruningData.None, 0.8, fiveRounds);

        act.Should().Throw<DirectoryNotFoundException>();
        rounds.Should().BeEmpty();
    }

    /// <summary>Leaves the file of a run that died in round 3 of 5.</summary>
    private void Interrupt(bool rewindsEarly)
    {
        using var model = IterativeMagnitudePrunerTests.Net();
        var imp = new IterativeMagnitudePruner((m, round) =>
        {
            Train(m, round, rewindsEarly);
            if (round.Number == 3) throw new IOException("killed");
        })
        { Checkpoint = File };
        ((Action)(() => imp.Prune(model, PruningData.None, 0.8, fiveRounds))).Should().Throw<IOException>();
        Directory.GetFiles(folder).Should().Equal(File);
    }

    private static IterativeMagnitudePruner Imp(List<int> rounds, bool rewindsEarly, string? checkpoint) => new((m, round) =>
    {
        rounds.Add(round.Number);
        Train(m, round, rewindsEarly);
    })
    { Checkpoint = checkpoint };

    private static void Train(Module<Tensor, Tensor> model, ImpRound round, bool rewindsEarly)
    {
        IterativeMagnitudePrunerTests.Train(model, round);
        if (!rewindsEarly || round.Number != 1) return;
        round.SaveRewindPoint();
        IterativeMagnitudePrunerTests.Train(model, round);
    }
}
