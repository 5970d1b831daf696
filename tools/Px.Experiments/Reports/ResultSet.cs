using Px.Experiments.Grids;
using Px.Experiments.Results;
using Px.Runner.Experiments;

namespace Px.Experiments.Reports;

/// <summary>What folders of results hold: each cell once, and what could not be used.</summary>
public sealed class ResultSet
{
    private ResultSet(IReadOnlyList<FoundResult> results, IReadOnlyList<Problem> problems)
    {
        (Results, Problems) = (results, problems);
        var known = MethodCatalog.Names.ToList();
        Methods = [.. results.Select(found => found.Result.Cell.Method).Where(name => name != Cell.Dense).Distinct().OrderBy(name => known.IndexOf(name) is var index && index < 0 ? known.Count : index).ThenBy(name => name, StringComparer.Ordinal)];
        var settings = results.GroupBy(found => Setting.Of(found.Result.Cell)).ToList();
        Studies = [.. settings
            .Select(group => new Study(group.Key, Setting.Name(group.Key, settings.Select(other => other.Key)), [.. group], Methods))
            .OrderBy(study => study.Name, StringComparer.Ordinal)];
    }

    /// <summary>By name.</summary>
    public IReadOnlyList<FoundResult> Results { get; }

    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>The methods except the dense network, by the names that command lines use, in the order of their catalogue, others after them.</summary>
    public IReadOnlyList<string> Methods { get; }

    /// <summary>The results in parts that may be compared.</summary>
    public IReadOnlyList<Study> Studies { get; }

    /// <summary>Reads all results of some folders: the shards of a grid, say. What cannot be read is a problem, not an error.</summary>
    /// <exception cref="DirectoryNotFoundException">A folder does not exist.</exception>
    public static ResultSet Read(IReadOnlyList<string> folders)
    {
        var found = new Dictionary<string, FoundResult>(StringComparer.Ordinal);
        var problems = new List<Problem>();
        foreach (var folder in folders.Select(Path.GetFullPath).Distinct())
        {
            // Folders too: one with a result's name is said to be one.
            foreach (var file in Directory.EnumerateFileSystemEntries(folder, $"*{ResultFile.Ending}").Order(StringComparer.Ordinal))
            {
                if (ResultReader.Read(file, out var problem) is not { } result)
                {
                    problems.Add(new Problem(Path.GetFileName(file), problem!));
                    continue;
                }

                var one = new FoundResult(result, folder);
                if (ResultReader.MaskProblem(one) is { } wrong)
                {
                    problems.Add(new Problem(Path.GetFileName(one.MaskPath!), wrong));
                    one = one with { IsMaskSound = false };
                }

                if (!found.TryAdd(result.Name, one) && ResultReader.Difference(found[result.Name].Result, result) is { } difference)
                    problems.Add(new Problem(Path.GetFileName(file), $"is there twice, and not the same: {difference}; the first is shown."));
            }
        }

        return new ResultSet([.. found.Values.OrderBy(result => result.Result.Name, StringComparer.Ordinal)], problems);
    }
}
