using System.Text;

namespace Px.Runner.CommandLines;

/// <summary>What a program understands: turns <c>--name value</c> and <c>--name=value</c> into a record of options, and writes the text of <c>--help</c>.</summary>
/// <remarks>Of an option given twice the last one counts. Flags apply before values, wherever they stand: what is given explicitly wins.</remarks>
/// <typeparam name="T">The record of options.</typeparam>
/// <param name="defaults">What is meant where nothing is given.</param>
public sealed class OptionSet<T>(T defaults)
{
    private const int HelpColumn = 25, Width = 98;

    private readonly List<Option> options = [];
    private Option? operands;

    /// <summary>Adds an option with a value.</summary>
    /// <param name="name">Its name, with two dashes.</param>
    /// <param name="argument">What <c>--help</c> calls the value.</param>
    /// <param name="help">What <c>--help</c> says; wrapped to fit.</param>
    /// <param name="apply">The options with this value.</param>
    public OptionSet<T> Add(string name, string argument, string help, Func<T, Value, T> apply)
    {
        options.Add(new Option([name], argument, help, apply));
        return this;
    }

    /// <summary>Adds an option without a value.</summary>
    /// <param name="names">Its name, and other spellings of it.</param>
    /// <param name="help">What <c>--help</c> says; wrapped to fit.</param>
    /// <param name="apply">The options with this flag.</param>
    public OptionSet<T> AddFlag(IReadOnlyList<string> names, string help, Func<T, T> apply)
    {
        options.Add(new Option(names, null, help, (given, _) => apply(given)));
        return this;
    }

    /// <summary>Lets arguments stand without a name: each is applied, in order.</summary>
    /// <param name="argument">What <c>--help</c> calls them.</param>
    /// <param name="help">What <c>--help</c> says; wrapped to fit.</param>
    /// <param name="apply">The options with one more.</param>
    public OptionSet<T> AddOperands(string argument, string help, Func<T, Value, T> apply)
    {
        operands = new Option([argument], null, help, apply);
        return this;
    }

    /// <summary>The options that the arguments ask for.</summary>
    /// <exception cref="UsageException">An option is unknown, lacks its value, or has one out of range.</exception>
    public T Parse(IReadOnlyList<string> arguments)
    {
        List<(Option Option, Value Value)> values = [];
        var result = defaults;
        for (var i = 0; i < arguments.Count; i++)
        {
            if (options.Find(option => option.IsFlag && option.Names.Contains(arguments[i])) is { } flag)
            {
                result = flag.Apply(result, new Value(arguments[i], ""));
                continue;
            }

            if (operands is not null && !arguments[i].StartsWith('-'))
            {
                values.Add((operands, new Value(operands.Names[0], arguments[i])));
                continue;
            }

            var (name, attached) = Split(arguments[i]);
            var found = options.Find(option => !option.IsFlag && option.Names.Contains(name))
                ?? throw new UsageException($"unknown option '{arguments[i]}'; --help lists them all");
            if (attached is null && (++i == arguments.Count || arguments[i].StartsWith("--", StringComparison.Ordinal)))
                throw new UsageException($"{name} needs a value");
            values.Add((found, new Value(name, attached ?? arguments[i])));
        }

        return values.Aggregate(result, (given, next) => next.Option.Apply(given, next.Value));
    }

    /// <summary>The options with what they mean, a column each.</summary>
    public string Describe()
    {
        var text = new StringBuilder("Options (defaults in brackets):");
        foreach (var option in operands is null ? options : options.Prepend(operands))
        {
            var line = $"  {option.Names[0]} {option.Argument}".TrimEnd();
            foreach (var words in Wrap(option.Help, Width - HelpColumn))
            {
                text.Append('\n').Append($"{line.PadRight(HelpColumn - 1)} {words}");
                line = "";
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length == 0 ? "" : " ").Append(word);
        }

        yield return line.ToString();
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }

    private sealed record Option(IReadOnlyList<string> Names, string? Argument, string Help, Func<T, Value, T> Apply)
    {
        public bool IsFlag => Argument is null;
    }
}
