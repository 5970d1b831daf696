using System.Globalization;

namespace Px.Demo.CommandLines;

/// <summary>Turns <c>--name value</c> and <c>--name=value</c> into <see cref="DemoOptions"/>. Of an option given twice the last one counts.</summary>
internal static class CommandLine
{
    private const int TrainImages = 60_000;
    private const int TestImages = 10_000;

    private static readonly Dictionary<string, Func<DemoOptions, Value, DemoOptions>> Options = new(StringComparer.Ordinal)
    {
        ["--epochs"] = (options, value) => options with { Epochs = value.Integer(1, 10_000) },
        ["--train-samples"] = (options, value) => options with { TrainSamples = value.Integer(1, TrainImages) },
        ["--test-samples"] = (options, value) => options with { TestSamples = value.Integer(1, TestImages) },
        ["--batch"] = (options, value) => options with { Batch = value.Integer(2, TrainImages) },
        ["--methods"] = (options, value) => options with { Methods = value.List(item => item.OneOf(PruningMethods.Names)) },
        ["--sparsity"] = (options, value) => options with { Sparsities = value.List(item => item.Fraction()) },
        ["--rounds"] = (options, value) => options with { Rounds = value.Integer(1, 10_000) },
        ["--seed"] = (options, value) => options with { Seed = value.Integer(0, int.MaxValue) },
        ["--device"] = (options, value) => options with { Cuda = value.OneOf(["cpu", "cuda"]) == "cuda" },
        ["--data"] = (options, value) => options with { Data = value.Text },
        ["--output"] = (options, value) => options with { Output = value.Text },
    };

    private static readonly string[] Flags = ["--quick", "--help", "-h"];

    /// <summary>The options, wherever <c>--quick</c> stands: it changes the defaults, and what is given explicitly wins.</summary>
    /// <exception cref="UsageException">An option is unknown, lacks its value, or has one out of range.</exception>
    public static DemoOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new DemoOptions();
        if (arguments.Contains("--quick"))
            options = options.Quick();

        for (var i = 0; i < arguments.Count; i++)
        {
            if (Flags.Contains(arguments[i]))
            {
                options = options with { Help = options.Help || arguments[i] is "--help" or "-h" };
                continue;
            }

            var (name, attached) = Split(arguments[i]);
            if (!Options.TryGetValue(name, out var apply))
                throw new UsageException($"unknown option '{arguments[i]}'; --help lists them all");
            if (attached is null && (++i == arguments.Count || arguments[i].StartsWith("--", StringComparison.Ordinal)))
                throw new UsageException($"{name} needs a value");
            options = apply(options, new Value(name, attached ?? arguments[i]));
        }

        return Checked(options);
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }

    private static DemoOptions Checked(DemoOptions options) => options.Batch <= options.TrainSamples
        ? options
        : throw new UsageException(string.Create(CultureInfo.InvariantCulture,
            $"--batch {options.Batch} is more than the {options.TrainSamples} images of --train-samples"));
}
