using Px.Runner.CommandLines;

namespace Px.Experiments.Comparisons;

/// <summary>What the command line asks for.</summary>
public sealed record CompareOptions
{
    /// <summary>Two folders, two masks, or one folder.</summary>
    public IReadOnlyList<string> Operands { get; init; } = [];

    /// <summary>Two methods of the one folder; null, the default, for none.</summary>
    public IReadOnlyList<string>? Methods { get; init; }

    /// <summary>By how many percentage points a mean may be below the other; null, the default, for any.</summary>
    public double? FailBelow { get; init; }

    /// <summary>What the command understands.</summary>
    public static OptionSet<CompareOptions> Define() => new OptionSet<CompareOptions>(new CompareOptions())
        .AddOperands("A B", "two folders of results, or two masks (.safetensors); or one folder with --methods", (options, value) => options with { Operands = [.. options.Operands, value.Text] })
        .Add("--methods", "A,B", "compares two methods of one folder, such as px,snip; dense is one, too", (options, value) => options with { Methods = value.List(item => item.Text) })
        .Add("--fail-below", "POINTS", "fails (exit code 1) if a mean of B is more percentage points below A's than that", (options, value) => options with { FailBelow = value.Positive() });
}
