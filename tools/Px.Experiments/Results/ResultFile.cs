using Px.Runner;

namespace Px.Experiments.Results;

/// <summary>Results as JSON files, one a cell.</summary>
public static class ResultFile
{
    /// <summary>What the names of all result files end with.</summary>
    public const string Ending = ".result.json";

    /// <summary>Writes a result; a file of that name is replaced, and only once the new one is complete.</summary>
    public static void Write(string path, CellResult result) => JsonFile.Write(path, result);

    /// <summary>Reads a result.</summary>
    /// <exception cref="ProgramException">Another version of this program wrote it.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or no result.</exception>
    public static CellResult Read(string path) =>
        JsonFile.Read<CellResult>(path, CellResult.CurrentFormat, out var format, ResultCheck.Problem)
        ?? throw new ProgramException($"'{path}' is of format {format}; this version reads and writes format {CellResult.CurrentFormat}. Use another folder.");
}
