using Px.Pruning;
using Px.Pruning.Models.StateDicts;
using Px.Runner.Tests.Support;
using Px.Runner.Training;
using static TorchSharp.torch;

namespace Px.Runner.Tests.Training;

/// <summary>A run that was killed and resumed equals one that was not, in every bit of network, optimizer and mask.</summary>
public sealed class ResumeTests : IDisposable
{
    private const int Epochs = 4, Batch = 16, StepsAnEpoch = 4;

    private readonly TemporaryFolder folder = new();
    private readonly ToyTask task = new();

    public static TheoryData<OptimizerKind, int, bool> Kills => new()
    {
        // In the middle of the first epoch, between the second and the third, in the middle of the last; dense and pruned.
        { OptimizerKind.Sgd, 2, true }, { OptimizerKind.Sgd, 2 * StepsAnEpoch, true }, { OptimizerKind.Sgd, (3 * StepsAnEpoch) + 3, true },
        { OptimizerKind.Adam, 2 * StepsAnEpoch, true }, { OptimizerKind.Adam, (3 * StepsAnEpoch) + 3, true }, { OptimizerKind.Sgd, 9, false },
    };

    [Theory]
    [MemberData(nameof(Kills))]
    public void Train_KilledAndResumed_EqualsTheRunThatWasNot(OptimizerKind kind, int batches, bool pruned)
    {
        var (straight, resumed) = (folder.In("straight.safetensors"), folder.In("resumed.safetensors"));
        Run(kind, straight, pruned, killAfter: int.MaxValue);

        FluentActions.Invoking(() => Run(kind, resumed, pruned, batches)).Should().Throw<OperationCanceledException>();
        File.Exists(resumed).Should().Be(batches >= StepsAnEpoch);
        // What another process would have done in between.
        rand(17).Dispose();
        var progress = Run(kind, resumed, pruned, killAfter: int.MaxValue);

        using var expected = SafetensorsFile.Load(straight);
        using var found = SafetensorsFile.Load(resumed);
        progress.CompletedEpochs.Should().Be(Epochs);
        found.Metadata["best measure"].Should().Be(expected.Metadata["best measure"]);
        found.Keys.Should().BeEquivalentTo(expected.Keys);
        found.Keys.Count(key => key.StartsWith("optimizer/", StringComparison.Ordinal)).Should().Be(kind == OptimizerKind.Sgd ? 6 : 18);
        found.Keys.Count(key => key.StartsWith("mask/", StringComparison.Ordinal)).Should().Be(pruned ? 2 : 0);
        foreach (var (name, tensor) in expected)
            found[name].bytes.ToArray().Should().Equal(tensor.bytes.ToArray(), name);
    }

    [Fact]
    public void Train_Twice_LeavesNoTensors() =>
        LiveTensors.ShouldNotGrow(() => Run(OptimizerKind.Adam, folder.In("leak.safetensors"), pruned: true, killAfter: int.MaxValue));

    [Fact]
    public void TryLoad_WhatIsNoCheckpoint_IsRefused()
    {
        SafetensorsFile.Save(folder.In("mask.safetensors"), new Dictionary<string, Tensor>());

        FluentActions.Invoking(() => TrainingCheckpoint.TryLoad(folder.In("mask.safetensors")))
            .Should().Throw<InvalidDataException>().WithMessage("*is not a checkpoint of a training*");
    }

    [Fact]
    public void TryLoad_AnyFlippedBitOfATensorOrOfTheProgress_IsRefused()
    {
        var path = folder.In("sound.safetensors");
        Run(OptimizerKind.Sgd, path, pruned: true, killAfter: int.MaxValue);
        var sound = File.ReadAllBytes(path);
        var header = 8 + (int)BitConverter.ToInt64(sound);

        for (var i = header; i < sound.Length; i += 13)
        {
            var damaged = sound.ToArray();
            damaged[i] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(path, damaged);
            FluentActions.Invoking(() => TrainingCheckpoint.TryLoad(path)).Should().Throw<InvalidDataException>().WithMessage("*sound.safetensors' *");
        }

        var epochs = System.Text.Encoding.UTF8.GetString(sound[8..header]).Replace("\"completed epochs\":\"4\"", "\"completed epochs\":\"3\"", StringComparison.Ordinal);
        File.WriteAllBytes(path, [.. sound[..8], .. System.Text.Encoding.UTF8.GetBytes(epochs), .. sound[header..]]);
        FluentActions.Invoking(() => TrainingCheckpoint.TryLoad(path)).Should().Throw<InvalidDataException>().WithMessage("*by its checksum. Delete it to begin anew.");
    }

    [Fact]
    public void TryLoad_CheckpointOfAnOlderVersion_NeedsNoChecksum()
    {
        var path = folder.In("older.safetensors");
        Run(OptimizerKind.Adam, path, pruned: true, killAfter: int.MaxValue);
        using (var state = SafetensorsFile.Load(path))
            SafetensorsFile.Save(path, state, state.Metadata.Where(pair => pair.Key != "checksum").ToDictionary());

        using var checkpoint = TrainingCheckpoint.TryLoad(path);
        checkpoint!.Progress.CompletedEpochs.Should().Be(Epochs);
        using var mask = checkpoint.Mask();
        checkpoint.IsOf(mask).Should().BeTrue();
        checkpoint.IsOf(null).Should().BeFalse();
        using var other = mask!.ShuffleWithinLayers(3);
        checkpoint.IsOf(other).Should().BeFalse();
    }

    public void Dispose() => folder.Dispose();

    private TrainingProgress Run(OptimizerKind kind, string path, bool pruned, int killAfter)
    {
        var recipe = new Recipe { Optimizer = kind, LearningRate = 0.05, Schedule = new PolynomialSchedule(), Epochs = Epochs, BatchSize = Batch };
        using var checkpoint = TrainingCheckpoint.TryLoad(path);
        // Another initialisation where it is resumed: every value must come from the file.
        using var network = task.NewNetwork(checkpoint is null ? 1 : 2);
        using var mask = !pruned ? null : checkpoint?.Mask() ?? Prune(network);
        using var binding = mask?.Bind(network);
        using var killed = new KillingTask(task, killAfter);
        var evaluator = new Evaluator(task, CPU, Terminals.Silent);
        return new Trainer(killed, recipe, CPU, Terminals.Silent).Train(
            new TrainingSubject
            {
                Label = "toy", Network = network, Mask = mask, Binding = binding, Seed = 7, CheckpointPath = path, From = checkpoint,
                Measure = () => evaluator.Measure("toy", network, CancellationToken.None),
            },
            killed.Token);
    }

    private PruningMask Prune(nn.Module<Tensor, Tensor> network)
    {
        using var result = new RandomPruner().Prune(network, task.PruningSamples(1), 0.5, new PruningOptions { Seed = 1 });
        return new PruningMask(result.Mask.Names.Select(name => KeyValuePair.Create(name, result.Mask[name])));
    }
}
