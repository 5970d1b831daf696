using Px.Runner.CommandLines;

namespace Px.Experiments.Reports;

/// <summary>What the command line asks for.</summary>
public sealed record ReportOptions
{
    /// <summary>Where results lie, at least one folder.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>The page.</summary>
    public string Output { get; init; } = "report.html";

    /// <summary>The folder of the CSV files; null, the default, for none.</summary>
    public string? Csv { get; init; }

    /// <summary>What the command understands.</summary>
    public static OptionSet<ReportOptions> Define()
    {
        var defaults = new ReportOptions();
        return new OptionSet<ReportOptions>(defaults)
            .AddOperands("FOLDER", "folders of results; several, such as the shards of a grid, are read as one", (options, value) => options with { Folders = [.. options.Folders, value.Text] })
            .Add("--output", "FILE", $"the page, a single file that needs no network [{defaults.Output}]", (options, value) => options with { Output = value.Text })
            .Add("--csv", "FOLDER", "writes the same numbers there, too, a CSV file for each table [none]", (options, value) => options with { Csv = value.Text });
    }
}
