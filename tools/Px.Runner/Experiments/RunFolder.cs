using System.Text.Json;
using System.Text.Json.Nodes;
using Px.Runner.CommandLines;
using Px.Runner.Display;
using Px.Runner.Files;

namespace Px.Runner.Experiments;

/// <summary>Where a run leaves its files, and what a resumed run finds there.</summary>
public sealed class RunFolder
{
    private RunFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>Opens a folder for a run with these options; files of an earlier run that is not resumed are replaced one by one.</summary>
    /// <exception cref="UsageException">The run is to be resumed, and the folder holds none, or one with other options.</exception>
    /// <exception cref="ProgramException">The folder can neither be used nor created.</exception>
    public static RunFolder Open<T>(T options)
        where T : ExperimentOptions
    {
        try
        {
            var folder = new RunFolder(Directory.CreateDirectory(options.Output).FullName);
            folder.Begin(options);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"Cannot write to --output '{options.Output}': {e.Message}", e);
        }
    }

    public string Mask(string network) => In($"{network}.mask.safetensors");

    public string Weights(string network) => In($"{network}.weights.safetensors");

    public string Report(string network) => In($"{network}.report.txt");

    public string Checkpoint(string network) => In($"{network}.checkpoint.safetensors");

    /// <summary>The file named <paramref name="file"/> in the folder.</summary>
    public string In(string file) => System.IO.Path.Combine(Path, file);

    /// <summary>Notes that a network is finished.</summary>
    public void Finish(NetworkResult result)
    {
        WholeFile.WriteText(Result(result.FileName), JsonSerializer.Serialize(result));
        File.Delete(Checkpoint(result.FileName));
    }

    /// <summary>What became of a network, if an earlier process has finished it.</summary>
    /// <exception cref="ProgramException">The file is damaged.</exception>
    public NetworkResult? Finished(string network) =>
        !File.Exists(Result(network)) ? null : Parse(
            Result(network), "Delete it, and the network is made again.",
            text => JsonSerializer.Deserialize<NetworkResult>(text) ?? throw new JsonException("It holds nothing."));

    /// <summary>Writes the results so far.</summary>
    public void WriteResults(ResultTable table, IReadOnlyList<NetworkResult> results) => CsvFile.Write(In("results.csv"), table.Csv(results));

    private string Result(string network) => In($"{network}.result.json");

    private void Begin<T>(T options)
        where T : ExperimentOptions
    {
        var path = In("options.json");
        // Where it is written and how often it was interrupted do not change a run.
        var text = JsonSerializer.Serialize(options with { Output = "", Resume = false });
        if (options.Resume)
        {
            if (!File.Exists(path))
                throw new UsageException($"--resume: '{Path}' holds no run");
            var differences = Parse(path, "Run without --resume to begin anew.", before => Differences(before, text).ToList());
            if (differences.Count > 0)
                throw new UsageException($"--resume: '{Path}' holds a run with other options: {string.Join("; ", differences)}");
            return;
        }

        foreach (var file in (string[])[.. Directory.GetFiles(Path, "*.result.json"), .. Directory.GetFiles(Path, "*.checkpoint.safetensors")])
            File.Delete(file);
        WholeFile.WriteText(path, text);
    }

    private static T Parse<T>(string path, string advice, Func<string, T> parse)
    {
        try
        {
            return parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new ProgramException($"'{path}' is damaged: {e.Message} {advice}", e);
        }
    }

    private static IEnumerable<string> Differences(string before, string now)
    {
        var (old, current) = (JsonNode.Parse(before)?.AsObject() ?? throw new JsonException("It holds nothing."), JsonNode.Parse(now)!.AsObject());
        return old.Select(pair => pair.Key).Union(current.Select(pair => pair.Key))
            .Where(option => !JsonNode.DeepEquals(old[option], current[option]))
            .Select(option => $"{option} was {old[option]?.ToJsonString() ?? "not given"}, is {current[option]?.ToJsonString() ?? "not given"}");
    }
}
