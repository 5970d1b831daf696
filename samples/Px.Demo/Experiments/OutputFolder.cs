using Px.Runner;
using Px.Runner.Display;

namespace Px.Demo.Experiments;

/// <summary>Where a run leaves its files; those of an earlier run with the same names are replaced.</summary>
internal sealed class OutputFolder
{
    private OutputFolder(string path) => Path = path;

    public string Path { get; }

    public string Results => In("results.csv");

    /// <exception cref="ProgramException">The folder can neither be used nor created.</exception>
    public static OutputFolder Create(string path)
    {
        try
        {
            return new OutputFolder(Directory.CreateDirectory(path).FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"Cannot write to --output '{path}': {e.Message}", e);
        }
    }

    public string Mask(string network) => In($"{network}.mask.safetensors");

    public string Weights(string network) => In($"{network}.weights.safetensors");

    public string Report(string network) => In($"{network}.report.txt");

    /// <summary>Writes the results so far, so that a cancelled run leaves those of the networks that were finished.</summary>
    public void WriteResults(IReadOnlyList<NetworkResult> results, CommandLines.DemoOptions options) =>
        CsvFile.Write(Results, ResultRows.Csv(results, options));

    private string In(string file) => System.IO.Path.Combine(Path, file);
}
