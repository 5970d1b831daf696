using System.CommandLine;
using Px.Experiments.Comparisons;
using Px.Experiments.Reports;
using Px.Experiments.Reports.Html;
using Px.Experiments.Results;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Display;

namespace Px.Experiments.Commands;

/// <summary><c>compare</c>: two folders of results, two methods, or two masks side by side.</summary>
public static class CompareCommand
{
    private const int Most = 10;

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal) => CompareOptions.Define().ToCommand(
        "compare", "Puts results side by side: FOLDER FOLDER, FOLDER --methods A,B, or MASK MASK.", options => Run(options, terminal));

    private static void Run(CompareOptions options, Terminal terminal)
    {
        if (options.Methods is { Count: not 2 })
            throw new UsageException("--methods needs two, with a comma between them");
        if (options.Operands.Count != (options.Methods is null ? 2 : 1))
            throw new UsageException(options.Methods is null ? "say what to compare: two folders, two masks, or one folder and --methods A,B" : "--methods compares within one folder");
        if (options.Operands.All(File.Exists))
        {
            if (options.FailBelow is not null)
                throw new UsageException("--fail-below is about results, not about masks");
            terminal.WriteLine(MaskFiles.Compare(options.Operands[0], options.Operands[1]));
            return;
        }

        List<ResultSet> sets = [.. options.Operands.Select(folder => Read(folder, terminal))];
        var table = options.Methods is null ? Folders(options.Operands, sets, terminal) : Methods(sets[0], options.Methods);
        terminal.WriteLine(table.ToString());
        if (options.FailBelow is { } points)
            table.RequireNoneBelow(points);
        if (sets.Sum(set => set.Problems.Count) is > 0 and var problems)
            throw new ProgramException($"{Words.Count(problems, "file")} could not be used as they are; they are named above.");
    }

    private static SideBySide Folders(IReadOnlyList<string> folders, List<ResultSet> sets, Terminal terminal)
    {
        var comparison = new FolderComparison(sets[0], sets[1]);
        terminal.WriteLine($"A: {folders[0]}\nB: {folders[1]}");
        foreach (var (name, values) in comparison.Settings.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            terminal.WriteLine($"   {name}: {values}");
        foreach (var (folder, names) in new[] { ("A", comparison.OnlyInA), ("B", comparison.OnlyInB) })
        {
            if (names.Count > 0)
                terminal.WriteLine($"Only in {folder}: {string.Join("; ", names.Take(Most))}{(names.Count > Most ? $"; and {names.Count - Most} more" : "")}");
        }

        terminal.WriteLine();
        return comparison.Rows.Count > 0 ? new SideBySide("A", "B", comparison.Rows) : throw new ProgramException("The folders have no network in common.");
    }

    private static SideBySide Methods(ResultSet results, IReadOnlyList<string> methods)
    {
        var rows = MethodComparison.Of(results, methods[0], methods[1]).ToList();
        return rows.Count > 0 ? new SideBySide(methods[0], methods[1], rows) { MoreColumns = ["masks in common (by chance)"] } : throw new ProgramException("The methods have no network in common.");
    }

    private static ResultSet Read(string folder, Terminal terminal)
    {
        var results = ResultSet.Read([folder]);
        foreach (var problem in results.Problems)
            terminal.WriteError($"{problem.File} {problem.Reason}");
        return results.Results.Count > 0 ? results : throw new ProgramException($"There is no result in {folder}: names of results end with {ResultFile.Ending}.");
    }
}
