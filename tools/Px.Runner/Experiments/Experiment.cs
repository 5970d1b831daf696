using Px.Pruning;
using Px.Pruning.Models.StateDicts;
using Px.Runner.CommandLines;
using Px.Runner.Display;
using Px.Runner.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Experiments;

/// <summary>Trains a network dense and pruned, by every method and sparsity, each seed from the same weights and on the same samples in the same order.</summary>
public sealed class Experiment
{
    /// <summary>What a cancelled program says.</summary>
    public const string CancelledText = "Cancelled. The same command with --resume goes on from here.";

    private readonly LearningTask task;
    private readonly Recipe recipe;
    private readonly ExperimentOptions options;
    private readonly RunFolder folder;
    private readonly Device device;
    private readonly Terminal terminal;
    private readonly Evaluator evaluator;
    private readonly Trainer trainer;

    /// <param name="task">What is learned.</param>
    /// <param name="recipe">How.</param>
    /// <param name="options">Which networks.</param>
    /// <param name="folder">Where files go.</param>
    /// <param name="device">Where the networks live.</param>
    /// <param name="terminal">Where progress goes.</param>
    /// <exception cref="UsageException">Options contradict each other or the data.</exception>
    public Experiment(LearningTask task, Recipe recipe, ExperimentOptions options, RunFolder folder, Device device, Terminal terminal)
    {
        (this.task, this.recipe, this.options, this.folder, this.device, this.terminal) = (task, recipe, options, folder, device, terminal);
        if (recipe.BatchSize > task.TrainingSamples)
            throw new UsageException($"--batch {recipe.BatchSize} is more than the {task.TrainingSamples} training samples");
        if (recipe.Accumulate > recipe.BatchSize)
            throw new UsageException($"--accumulate {recipe.Accumulate} is more than the {recipe.BatchSize} samples of a batch");
        evaluator = new Evaluator(task, device, terminal);
        trainer = new Trainer(task, recipe, device, terminal);
    }

    /// <summary>Called with each network once it is trained, in evaluation mode; null, the default, for nothing.</summary>
    public Action<string, Module<Tensor, Tensor>>? Trained { get; init; }

    /// <summary>All networks that the options ask for, one after the other; prints a line for each and a table in the end.</summary>
    public IReadOnlyList<NetworkResult> Run(CancellationToken token)
    {
        List<(string? Method, double Sparsity)> networks = options.Dense ? [(null, 0)] : [];
        networks.AddRange(options.Sparsities.SelectMany(sparsity => options.Methods.Select(method => ((string?)method, sparsity))));
        var table = new ResultTable(task.NewMeter().Name);
        var results = new List<NetworkResult>();
        using (var bar = new ProgressBar(terminal, "all", "networks", networks.Count * options.Seeds.Count, above: true))
        {
            foreach (var (method, sparsity) in networks)
            {
                foreach (var seed in options.Seeds)
                {
                    var result = Network(method, sparsity, seed, token);
                    results.Add(result);
                    bar.Report(results.Count);
                    folder.WriteResults(table, results);
                    terminal.WriteLine(FormattableString.Invariant(
                        $"{NetworkResult.TitleOf(result.Method, result.Sparsity)}, seed {seed}: {100 * result.Before:F2} % before training, {100 * result.After:F2} % after"));
                }
            }
        }

        terminal.WriteLine();
        terminal.WriteLine(table.Table(results).ToString());
        terminal.WriteLine();
        terminal.WriteLine($"Masks, weights, reports and results.csv are in {folder.Path}.");
        return results;
    }

    private NetworkResult Network(string? method, double sparsity, int seed, CancellationToken token)
    {
        var name = FormattableString.Invariant($"{method ?? "dense"}{(method is null ? "" : $"-{sparsity}")}-seed{seed}");
        if (options.Resume && folder.Finished(name) is { } finished)
            return finished;

        var pruner = method is null ? null : MethodCatalog.Create(method, (model, round) => TrainForImp(name, model, round), folder.Checkpoint($"{name}.imp"));
        var methodTitle = method is null ? "dense" : MethodCatalog.TitleOf(method);
        var title = NetworkResult.TitleOf(methodTitle, method is null ? null : sparsity);
        using var checkpoint = TrainingCheckpoint.TryLoad(folder.Checkpoint(name));
        using var network = task.NewNetwork(seed).to(device);
        using var held = pruner is null ? null : checkpoint?.Mask() is { } mask
            ? new HeldMask(mask, network)
            : Prune(pruner, MethodCatalog.ScopeOf(method!, options.MinimumDensity), network, sparsity, seed, name, title, token);

        double Test() => evaluator.Measure($"{title}: testing", network, token);
        var before = Test();
        var progress = trainer.Train(
            new TrainingSubject
            {
                Label = title,
                Network = network,
                Mask = held?.Mask,
                Binding = held?.Binding,
                Seed = seed,
                CheckpointPath = folder.Checkpoint(name),
                From = checkpoint,
                Measure = options.TestEveryEpoch ? Test : null,
            },
            token);
        held?.Binding.AssertHeld();
        network.SaveSafetensors(folder.Weights(name));

        // Biases and norm layers, which are never pruned, have one dimension.
        var weights = held?.Mask.Total ?? network.parameters().Where(parameter => parameter.dim() > 1).Sum(parameter => parameter.numel());
        var result = new NetworkResult
        {
            FileName = name,
            Method = methodTitle,
            Sparsity = method is null ? null : sparsity,
            Seed = seed,
            Before = before,
            After = Test(),
            Best = progress.Best,
            WeightsKept = held?.Mask.Kept ?? weights,
            Weights = weights,
            PruneTime = held?.PruneTime,
            TrainTime = progress.Elapsed,
            CollapsedLayers = held is null ? [] : [.. held.Mask.Names.Where(layer => held.Mask.KeptIn(layer) == 0)],
        };
        Trained?.Invoke(name, network);
        folder.Finish(result);
        return result;
    }

    private HeldMask Prune(
        IPruner pruner, PruningScope scope, Module<Tensor, Tensor> network, double sparsity, int seed, string name, string title, CancellationToken token)
    {
        var rounds = Math.Min(MethodCatalog.RoundsOf(pruner, sparsity), options.MaxRounds ?? int.MaxValue);
        using var bar = new PruningBar(terminal, $"{title}: pruning", rounds);
        var pruning = new PruningOptions
        {
            Rounds = rounds,
            Scope = scope,
            Data = task.PruningBudget,
            Loss = task.Loss.Mean,
            Seed = seed,
            Progress = bar,
        };
        PruningResult result;
        try
        {
            result = pruner.Prune(network, task.PruningSamples(seed), sparsity, pruning, token);
        }
        catch (ArgumentException e)
        {
            throw new ProgramException($"{title}: {e.Message}", e);
        }

        result.Mask.Save(folder.Mask(name));
        File.WriteAllText(folder.Report(name), result.Report.ToString());
        return new HeldMask(result);
    }

    private void TrainForImp(string name, Module<Tensor, Tensor> model, ImpRound round) => trainer.Train(
        new TrainingSubject { Label = $"{name}: round {round.Number} of {round.Rounds}", Network = model, Binding = round.Binding, Seed = round.Seed },
        round.CancellationToken);
}
