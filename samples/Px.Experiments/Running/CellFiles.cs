using System.Text.Json;
using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Samples;
using Px.Samples.Files;

namespace Px.Experiments.Running;

/// <summary>The files of one cell: all of them begin with its name.</summary>
/// <param name="folder">Where the cells of all sweeps lie.</param>
/// <param name="cell">The cell.</param>
public sealed class CellFiles(string folder, Cell cell)
{
    /// <summary>The cell's name.</summary>
    public string Name { get; } = CellName.Of(cell);

    /// <summary>What became of the cell: where this is, and whole, it is finished.</summary>
    public string Result => In(ResultFile.Ending);

    /// <summary>What pruning keeps.</summary>
    public string Mask => In(".mask.safetensors");

    /// <summary>Who works on the cell.</summary>
    public string Lock => In(".lock");

    /// <summary>Why the cell cannot be run.</summary>
    public string Failure => In(".failed.json");

    /// <summary>What is known before training.</summary>
    public string Start => In(".start.json");

    /// <summary>Training after the last full epoch.</summary>
    public string Checkpoint => In(".checkpoint.safetensors");

    /// <summary>IMP after its last full round.</summary>
    public string ImpCheckpoint => In(".imp.safetensors");

    /// <summary>The training of a round of IMP after the last full epoch.</summary>
    public string ImpTraining(int round) => In(FormattableString.Invariant($".imp-round{round}.safetensors"));

    /// <summary>The result, if there is a sound one.</summary>
    /// <param name="warn">Told what is wrong with one that is not: the cell is run again, then.</param>
    /// <exception cref="SampleException">Another version of the program wrote it.</exception>
    public CellResult? Finished(Action<string> warn)
    {
        if (!File.Exists(Result))
            return null;
        try
        {
            var result = ResultFile.Read(Result);
            if (result.Cell == cell && (result.Pruning is null || File.Exists(Mask)))
                return result;
            warn($"'{Result}' is not of the cell that its name says, or its mask is missing. It is made again.");
        }
        catch (InvalidDataException e)
        {
            warn($"{e.Message} It is made again.");
        }

        return null;
    }

    /// <summary>Writes the result and removes what only an unfinished cell needs.</summary>
    public void Finish(CellResult result)
    {
        ResultFile.Write(Result, result);
        foreach (var path in (string[])[Start, Checkpoint, Failure])
            File.Delete(path);
        DeleteAll(".imp*");
    }

    /// <summary>Notes that the cell cannot be run.</summary>
    public void Fail(CellFailure failure) => WholeFile.WriteText(Failure, JsonSerializer.Serialize(failure, ResultFile.Json));

    /// <summary>Removes what a killed process left half written.</summary>
    public void Tidy() => DeleteAll($".{WholeFile.Leftovers}");

    private void DeleteAll(string pattern)
    {
        foreach (var path in Directory.GetFiles(folder, $"{Name}{pattern}"))
            File.Delete(path);
    }

    private string In(string ending) => Path.Combine(folder, $"{Name}{ending}");
}
