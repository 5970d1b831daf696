using Microsoft.Extensions.Logging;
using Px.Experiments.Grids;
using Px.Experiments.Inputs;
using Px.Experiments.Results;
using Px.Pruning;
using Px.Pruning.Analysis;
using Px.Runner;
using Px.Runner.Display;
using Px.Runner.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Experiments.Running;

/// <summary>Makes one cell: prunes, trains, tests, and writes what became of it.</summary>
/// <remarks>
/// Pruning and training meet in files only, the mask and <see cref="CellStart"/>, and each is a function of the cell: a process that goes on where
/// another was killed does what that would have done. At most an epoch is done twice.
/// </remarks>
/// <param name="folder">Where the files of all cells lie.</param>
/// <param name="protocol">What results say they were made for; null for a grid of the user's own.</param>
/// <param name="device">Where networks live.</param>
/// <param name="terminal">Where progress goes.</param>
/// <param name="logger">What the library and the runner have to say.</param>
public sealed class CellRunner(string folder, string? protocol, Device device, Terminal terminal, ILogger logger)
{
    /// <summary>Makes a cell, or goes on with it.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="inputs">What it starts from.</param>
    /// <param name="token">Stops the work after the current batch; what is done so far is kept.</param>
    /// <exception cref="CellFailedException">The cell cannot be run.</exception>
    /// <exception cref="ProgramException">The cell was begun on other data or weights.</exception>
    public CellResult Run(Cell cell, CellInputs inputs, CancellationToken token)
    {
        var files = new CellFiles(folder, cell);
        files.Tidy();
        var (task, recipe, title) = (inputs.Task, CellRecipe.Of(cell), CellTitle.Of(cell));
        if (recipe.BatchSize > task.TrainingSamples)
            throw new ProgramException($"{title}: a batch of {recipe.BatchSize} is more than the {task.TrainingSamples} training samples.");
        var trainer = new Trainer(task, recipe, device, terminal);
        var evaluator = new Evaluator(task, device, terminal);
        double Test(Module<Tensor, Tensor> network) => evaluator.Measure($"{title}: testing", network, token);

        var resume = new CellResume(cell, files, recipe, () => NewNetwork(task, cell), logger);
        var start = resume.Start();
        if (start is not null && (start.DataHash, start.WeightsHash) != (inputs.DataHash, inputs.WeightsHash))
            throw new ProgramException($"{title} was begun on other data or weights. Finish it with those, or delete the files '{files.Name}*' of '{folder}'.");
        if (start is null)
            start = Begin(cell, inputs, files, new CellPruning(cell, task, trainer, files, resume, terminal, logger), Test, token);
        else
            logger.LogInformation("{Cell}: going on after pruning.", files.Name);

        using var network = NewNetwork(task, cell);
        using var mask = start.Pruning is null ? null : PruningMask.Load(files.Mask);
        using var binding = mask?.Bind(network);
        using var checkpoint = resume.Training(files.Checkpoint, mask, cell.Seed);
        if (checkpoint is not null)
            logger.LogInformation("{Cell}: going on after epoch {Epoch} of {Epochs}.", files.Name, checkpoint.Progress.CompletedEpochs, recipe.Epochs);
        var progress = trainer.Train(
            new TrainingSubject { Label = title, Network = network, Mask = mask, Binding = binding, Seed = cell.Seed, CheckpointPath = files.Checkpoint, From = checkpoint }, token);
        binding?.AssertHeld();
        var result = new CellResult
        {
            Name = files.Name,
            Protocol = protocol,
            Cell = cell,
            Method = CellTitle.MethodOf(cell),
            Settings = CellSettings.Of(cell, inputs, recipe, mask),
            Versions = Versions.Of(device),
            DataHash = inputs.DataHash,
            Training = new TrainingResult
            {
                Measure = task.NewMeter().Name,
                Before = start.Before,
                After = recipe.Epochs == 0 ? start.Before : Test(network),
                Seconds = progress.Elapsed.TotalSeconds,
            },
            Pruning = start.Pruning,
            Spectrum = start.Spectrum,
            Finished = DateTime.UtcNow,
        };
        files.Finish(result);
        return result;
    }

    private CellStart Begin(Cell cell, CellInputs inputs, CellFiles files, CellPruning pruning, Func<Module<Tensor, Tensor>, double> test, CancellationToken token)
    {
        // A training without its start belongs to another mask.
        File.Delete(files.Checkpoint);
        using var network = NewNetwork(inputs.Task, cell);
        using var pruned = cell.Method == Cell.Dense ? null : pruning.Run(network, () => NewNetwork(inputs.Task, cell), token);
        pruned?.Result.Mask.Save(files.Mask);
        var start = new CellStart
        {
            DataHash = inputs.DataHash,
            WeightsHash = inputs.WeightsHash,
            Pruning = pruned?.Outcome(NetworkAnalysis.Analyze(network, SampleShape(inputs.Task, cell), pruned.Result.Mask, token), files.Mask),
            Spectrum = cell.SpectrumSamples == 0 ? null : CellSpectrum.Take(cell, inputs.Task, network, pruned?.Result.Mask, token),
            Before = test(network),
        };
        start.Write(files.Start);
        return start;
    }

    private static long[] SampleShape(LearningTask task, Cell cell)
    {
        foreach (var (input, _) in task.PruningSamples(cell.Seed))
            return input.shape[1..];
        return [];
    }

    private Module<Tensor, Tensor> NewNetwork(LearningTask task, Cell cell) => task.NewNetwork(cell.Seed).to(device);
}
