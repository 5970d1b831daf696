using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Runner;
using Px.Runner.Files;

namespace Px.Experiments.Running;

/// <summary>The files of one cell: all of them begin with its name.</summary>
/// <param name="folder">Where the cells of all sweeps lie.</param>
/// <param name="cell">The cell.</param>
public sealed class CellFiles(string folder, Cell cell)
{
    private const string LockEnding = ".lock", FailureEnding = ".failed.json", StartEnding = ".start.json", CheckpointEnding = ".checkpoint.safetensors";
    private const string ImpEnding = ".imp.safetensors", ImpRoundEnding = ".imp-round";

    /// <summary>The cell's name.</summary>
    public string Name { get; } = CellName.Of(cell);

    /// <summary>What became of the cell: where this is, and whole, it is finished.</summary>
    public string Result => In(ResultFile.Ending);

    /// <summary>What pruning keeps.</summary>
    public string Mask => In(".mask.safetensors");

    /// <summary>Who works on the cell.</summary>
    public string Lock => In(LockEnding);

    /// <summary>Why the cell cannot be run.</summary>
    public string Failure => In(FailureEnding);

    /// <summary>What is known before training.</summary>
    public string Start => In(StartEnding);

    /// <summary>Training after the last full epoch.</summary>
    public string Checkpoint => In(CheckpointEnding);

    /// <summary>IMP after its last full round.</summary>
    public string ImpCheckpoint => In(ImpEnding);

    /// <summary>The training of a round of IMP after the last full epoch.</summary>
    public string ImpTraining(int round) => In(FormattableString.Invariant($"{ImpRoundEnding}{round}.safetensors"));

    /// <summary>The result, if there is a sound one.</summary>
    /// <param name="warn">Told what is wrong with one that is not: the cell is run again, then.</param>
    /// <exception cref="ProgramException">Another version of the program wrote it.</exception>
    public CellResult? Finished(Action<string> warn)
    {
        if (!File.Exists(Result) || Obstacle() is not null)
            return null;
        try
        {
            var result = ResultFile.Read(Result);
            var problem = result.Cell != cell
                ? $"'{Result}' is not of the cell that its name says."
                : result.Pruning is null ? null : File.Exists(Mask) ? MaskCheck.Problem(Mask, result.Pruning) : $"'{Mask}' is missing.";
            if (problem is null)
                return result;
            warn($"{problem} The cell is made again.");
        }
        catch (InvalidDataException e)
        {
            warn($"{e.Message} The cell is made again.");
        }

        return null;
    }

    /// <summary>Writes the result and removes what only an unfinished cell needs.</summary>
    public void Finish(CellResult result)
    {
        ResultFile.Write(Result, result);
        DeleteUnfinished();
    }

    /// <summary>Removes what only an unfinished cell needs.</summary>
    public void DeleteUnfinished()
    {
        foreach (var path in (string[])[Start, Checkpoint, Failure])
            File.Delete(path);
        DeleteImp();
    }

    /// <summary>Removes what IMP has after some of its rounds.</summary>
    public void DeleteImp()
    {
        File.Delete(ImpCheckpoint);
        DeleteImpTrainings();
    }

    /// <summary>Removes what trainings between the rounds of IMP have.</summary>
    /// <param name="except">The round whose training stays; none by default.</param>
    public void DeleteImpTrainings(int? except = null)
    {
        foreach (var path in Directory.GetFiles(folder, $"{Name}{ImpRoundEnding}*").Where(path => except is not { } round || path != ImpTraining(round)))
            File.Delete(path);
    }

    /// <summary>Notes that the cell cannot be run.</summary>
    public void Fail(CellFailure failure) => JsonFile.Write(Failure, failure);

    /// <summary>Removes what a killed process left half written.</summary>
    public void Tidy()
    {
        foreach (var path in Directory.GetFiles(folder, $"{Name}.{WholeFile.Leftovers}"))
            File.Delete(path);
    }

    /// <summary>Whether a file of that name in the folder is one that no finished cell has: left by a process that was killed just then.</summary>
    public bool IsLeftover(string name)
    {
        if (!name.StartsWith($"{Name}.", StringComparison.Ordinal))
            return false;
        var ending = name[Name.Length..];
        return ending is LockEnding or FailureEnding or StartEnding or CheckpointEnding or ImpEnding
            || ending.StartsWith(ImpRoundEnding, StringComparison.Ordinal) || ending.EndsWith(".partial", StringComparison.Ordinal);
    }

    /// <summary>What is in the place of one of the files and is none, a folder or a pipe say, in words; null where nothing is.</summary>
    public string? Obstacle()
    {
        string[] paths = [Result, Mask, Lock, Failure, Start, Checkpoint, ImpCheckpoint, .. Directory.EnumerateFileSystemEntries(folder, $"{Name}{ImpRoundEnding}*")];
        return paths.Select(path => WholeFile.Obstacle(path) is { } problem ? $"'{path}' {problem}" : null).FirstOrDefault(problem => problem is not null);
    }

    private string In(string ending) => Path.Combine(folder, $"{Name}{ending}");
}
