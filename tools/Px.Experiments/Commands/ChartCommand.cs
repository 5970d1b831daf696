using System.CommandLine;
using Px.Experiments.Reports;
using Px.Experiments.Reports.Charts;
using Px.Experiments.Reports.Html;
using Px.Runner;
using Px.Runner.CommandLines;
using Px.Runner.Display;
using Px.Runner.Files;

namespace Px.Experiments.Commands;

/// <summary><c>chart</c>: the chart with which a report begins, as an SVG file.</summary>
public static class ChartCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CancellationToken token) => ChartOptions.Define().ToCommand(
        "chart", "Draws accuracy against sparsity, a line a method, into an SVG file.", options => Run(options, terminal, token));

    private static void Run(ChartOptions options, Terminal terminal, CancellationToken token)
    {
        var results = ReportCommand.Read(options.Folders, terminal);
        token.ThrowIfCancellationRequested();
        var studies = results.Studies.Select(study => (study.Name, Picture: ChartPicture.Of(study))).Where(study => study.Picture is not null).ToList();
        if (studies.Count != 1)
        {
            throw new ProgramException(studies.Count == 0
                ? "There is nothing to draw: a chart needs networks that were trained, at two sparsities or more."
                : $"A chart is of one setting, and there are {Words.Count(studies.Count)}: {string.Join("; ", studies.Select(study => study.Name))}.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Output))!);
        WholeFile.WriteText(options.Output, studies[0].Picture!);
        terminal.WriteLine($"{options.Output}: {studies[0].Name}");
        if (results.Problems.Count > 0)
            throw new ProgramException($"The chart is there. {Words.Count(results.Problems.Count, "file")} could not be used as they are; they are named above.");
    }
}
