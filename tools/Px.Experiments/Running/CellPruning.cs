using Microsoft.Extensions.Logging;
using Px.Experiments.Grids;
using Px.Pruning;
using Px.Runner.Display;
using Px.Runner.Experiments;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Experiments.Running;

/// <summary>Prunes the network of a cell as its settings say, as often as it is to be timed.</summary>
/// <param name="cell">The cell; not a dense one.</param>
/// <param name="task">What is learned.</param>
/// <param name="trainer">Trains for IMP between its rounds.</param>
/// <param name="files">Where IMP keeps what it has.</param>
/// <param name="resume">What IMP has, as far as it can be relied on.</param>
/// <param name="terminal">Where progress goes.</param>
/// <param name="logger">What methods have to say.</param>
internal sealed class CellPruning(Cell cell, LearningTask task, Trainer trainer, CellFiles files, CellResume resume, Terminal terminal, ILogger logger)
{
    /// <summary>Prunes a network.</summary>
    /// <param name="network">What is pruned and stays so.</param>
    /// <param name="another">Makes the same network again, for what is only timed.</param>
    /// <param name="token">Stops the work.</param>
    /// <exception cref="CellFailedException">The method cannot prune the network so.</exception>
    public PrunedNetwork Run(Module<Tensor, Tensor> network, Func<Module<Tensor, Tensor>> another, CancellationToken token)
    {
        var pruner = MethodCatalog.Create(cell.Method, TrainForImp, files.ImpCheckpoint);
        var rounds = cell.Rounds ?? MethodCatalog.RoundsOf(pruner, cell.Sparsity);
        var seconds = new List<double>();
        if (cell.TimingRepeats > 1)
            Discard(rounds: 1);
        for (var repeat = 1; repeat < cell.TimingRepeats; repeat++)
            seconds.Add(Discard(rounds));
        var result = Prune(network, rounds);
        return new PrunedNetwork(result, rounds, [.. seconds, result.Elapsed.TotalSeconds]);

        double Discard(int rounds)
        {
            using var thrownAway = another();
            using var timed = Prune(thrownAway, rounds);
            return timed.Elapsed.TotalSeconds;
        }

        PruningResult Prune(Module<Tensor, Tensor> pruned, int rounds)
        {
            using var bar = new PruningBar(terminal, $"{CellTitle.Of(cell)}: pruning", rounds);
            var options = new PruningOptions
            {
                Rounds = rounds,
                Scope = MethodCatalog.ScopeOf(cell.Method, cell.MinimumDensity),
                Data = task.PruningBudget,
                Loss = task.Loss.Mean,
                Seed = cell.Seed,
                Progress = bar,
                Logger = logger,
            };
            try
            {
                return pruner.Prune(pruned, ScoredSamples.Of(cell.ScoredOn, task, cell.Seed), cell.Sparsity, options, token);
            }
            catch (InvalidDataException e) when (pruner is IterativeMagnitudePruner && File.Exists(files.ImpCheckpoint))
            {
                return PruneAgain($"'{files.ImpCheckpoint}' is damaged. {e.Message}");
            }
            catch (InvalidOperationException e) when (e.Message.StartsWith($"'{files.ImpCheckpoint}'", StringComparison.Ordinal))
            {
                return PruneAgain($"'{files.ImpCheckpoint}' is of other weights or settings.");
            }
            catch (Exception e) when (e is ArgumentException or UnsupportedModelException or NonFiniteScoreException)
            {
                throw new CellFailedException(e.Message, e);
            }

            // The network is as it was, and without the file IMP begins.
            PruningResult PruneAgain(string problem)
            {
                resume.ForgetImp(problem);
                return Prune(pruned, rounds);
            }
        }
    }

    // The training that goes on is that of the round: its file has the round's number, and those of other rounds are of no use.
    private void TrainForImp(Module<Tensor, Tensor> model, ImpRound round)
    {
        files.DeleteImpTrainings(except: round.Number);
        using var checkpoint = resume.Training(files.ImpTraining(round.Number), mask: null, round.Seed);
        trainer.Train(
            new TrainingSubject
            {
                Label = $"{CellTitle.Of(cell)}: round {round.Number} of {round.Rounds}",
                Network = model,
                Binding = round.Binding,
                Seed = round.Seed,
                CheckpointPath = files.ImpTraining(round.Number),
                From = checkpoint,
            },
            round.CancellationToken);
    }
}
