using System.CommandLine;
using Px.Experiments.Reports;
using Px.Experiments.Reports.Html;
using Px.Experiments.Reports.Tables;
using Px.Experiments.Results;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Display;
using Px.Runner.Files;

namespace Px.Experiments.Commands;

/// <summary><c>report</c>: a page and CSV files of results.</summary>
public static class ReportCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CancellationToken token) => ReportOptions.Define().ToCommand(
        "report", "Makes one HTML page of results, with charts and tables, and the same as CSV.", options => Run(options, terminal, token));

    private static void Run(ReportOptions options, Terminal terminal, CancellationToken token)
    {
        var results = Read(options.Folders, terminal);
        token.ThrowIfCancellationRequested();
        var report = Report.Of(results);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Output))!);
        WholeFile.WriteText(options.Output, report.Html);
        if (options.Csv is { } folder)
            CsvTables.Write(folder, report.Tables);
        terminal.WriteLine($"{options.Output}: {results.Results.Count} results{(options.Csv is null ? "" : $"; the same as CSV in {options.Csv}")}");
        if (results.Problems.Count > 0)
            throw new ProgramException($"The page is there. {Words.Count(results.Problems.Count, "file")} could not be used as they are; the page lists them.");
    }

    /// <summary>The results in some folders; what is wrong with others is written among the errors.</summary>
    /// <exception cref="UsageException">There is no folder.</exception>
    /// <exception cref="ProgramException">There is no result.</exception>
    public static ResultSet Read(IReadOnlyList<string> folders, Terminal terminal)
    {
        if (folders.Count == 0)
            throw new UsageException("say which folders hold the results");
        var results = ResultSet.Read(folders);
        foreach (var problem in results.Problems)
            terminal.WriteError($"{problem.File} {problem.Reason}");
        if (results.Results.Count == 0)
            throw new ProgramException($"There is no result in {string.Join(", ", folders)}: names of results end with {ResultFile.Ending}.");
        return results;
    }
}
