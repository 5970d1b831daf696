using Microsoft.Extensions.Logging;
using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Pruning;
using Px.Pruning.Models.StateDicts;
using Px.Runner.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Experiments.Running;

/// <summary>What an interrupted cell left and can be relied on. What cannot is named in a warning and deleted, and is then made again.</summary>
/// <param name="cell">The cell.</param>
/// <param name="files">Its files.</param>
/// <param name="recipe">How it is trained.</param>
/// <param name="network">Makes a network such as that of the cell, to try checkpoints on.</param>
/// <param name="logger">Gets the warnings.</param>
internal sealed class CellResume(Cell cell, CellFiles files, Recipe recipe, Func<Module<Tensor, Tensor>> network, ILogger logger)
{
    /// <summary>What is known before training, with a sound mask beside it; null where the cell has to begin.</summary>
    public CellStart? Start()
    {
        try
        {
            if (CellStart.TryRead(files.Start) is not { } start)
                return null;
            var problem = (start.Pruning is null) != (cell.Method == Cell.Dense)
                ? $"'{files.Start}' is of another cell."
                : start.Pruning is null ? null : File.Exists(files.Mask) ? MaskCheck.Problem(files.Mask, start.Pruning) : $"'{files.Mask}' is missing.";
            if (problem is null)
                return start;
            Warn(problem, "pruned again");
        }
        catch (InvalidDataException e)
        {
            Warn(e.Message, "pruned again");
        }

        return null;
    }

    /// <summary>A training after its last full epoch; null where it has to begin. The caller disposes it.</summary>
    /// <param name="path">The file of its checkpoint.</param>
    /// <param name="mask">The mask that the checkpoint has to have; null for none.</param>
    /// <param name="seed">The seed that it has to have.</param>
    public TrainingCheckpoint? Training(string path, PruningMask? mask, long seed)
    {
        TrainingCheckpoint? checkpoint = null;
        try
        {
            checkpoint = TrainingCheckpoint.TryLoad(path);
            if (checkpoint is null || Fits(checkpoint, mask, seed))
                return checkpoint;
            Warn($"'{path}' is of another training.", "trained again");
        }
        catch (Exception e) when (e is InvalidDataException or StateDictMismatchException)
        {
            Warn(e.Message, "trained again");
        }

        checkpoint?.Dispose();
        File.Delete(path);
        return null;
    }

    /// <summary>Forgets the rounds of IMP that are done.</summary>
    /// <param name="problem">Why.</param>
    public void ForgetImp(string problem)
    {
        Warn(problem, "pruned again");
        files.DeleteImp();
    }

    // Tried on a network of no further use: a file that fits half would leave the cell's own half changed.
    private bool Fits(TrainingCheckpoint checkpoint, PruningMask? mask, long seed)
    {
        if (checkpoint.Progress.CompletedEpochs > recipe.Epochs || checkpoint.Progress.CompletedEpochs < 0 || checkpoint.Progress.Seed != seed || !checkpoint.IsOf(mask))
            return false;
        using var trial = network();
        var (optimizer, _) = recipe.CreateOptimizer(trial);
        using (optimizer)
            checkpoint.Restore(trial, optimizer);
        return true;
    }

    private void Warn(string problem, string consequence) => logger.LogWarning("{Cell} is {Consequence}: {Problem}", CellTitle.Of(cell), consequence, problem);
}
