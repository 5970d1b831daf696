using Px.Runner.CommandLines;

namespace Px.Experiments.Reports;

/// <summary>What the command line asks for.</summary>
public sealed record ChartOptions
{
    /// <summary>Where results lie, at least one folder.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>The picture.</summary>
    public string Output { get; init; } = "chart.svg";

    /// <summary>What the command understands.</summary>
    public static OptionSet<ChartOptions> Define()
    {
        var defaults = new ChartOptions();
        return new OptionSet<ChartOptions>(defaults)
            .AddOperands("FOLDER", "folders of results; several, such as the shards of a grid, are read as one", (options, value) => options with { Folders = [.. options.Folders, value.Text] })
            .Add("--output", "FILE", $"the picture [{defaults.Output}]", (options, value) => options with { Output = value.Text });
    }
}
