using System.CommandLine;
using System.CommandLine.Parsing;

namespace Px.Runner.CommandLines;

/// <summary>Fills a record of options from a command line, which System.CommandLine parses and explains.</summary>
/// <remarks>Of an option given twice the last one counts. Flags apply before values, wherever they stand: what is given explicitly wins.</remarks>
/// <typeparam name="T">The record of options.</typeparam>
/// <param name="defaults">What is meant where nothing is given.</param>
public sealed class OptionSet<T>(T defaults)
{
    private readonly List<(Option Option, Func<T, T> Apply)> flags = [];
    private readonly List<(Option Option, Func<T, Value, T> Apply)> values = [];
    private (Argument Argument, Func<T, Value, T> Apply)? operands;

    /// <summary>Adds an option with a value.</summary>
    /// <param name="name">Its name, with two dashes.</param>
    /// <param name="argument">What <c>--help</c> calls the value.</param>
    /// <param name="help">What <c>--help</c> says.</param>
    /// <param name="apply">The options with this value.</param>
    public OptionSet<T> Add(string name, string argument, string help, Func<T, Value, T> apply)
    {
        var option = new Option<string[]>(name) { Description = help, HelpName = argument, Arity = ArgumentArity.OneOrMore };
        // The parser takes whatever follows an option for its value.
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => values.Any(other => other.Option.Name == token.Value) || flags.Any(flag => flag.Option.Name == token.Value)))
                result.AddError($"Required argument missing for option: '{name}'.");
        });
        values.Add((option, apply));
        return this;
    }

    /// <summary>Adds an option without a value.</summary>
    /// <param name="names">Its name, and other spellings of it.</param>
    /// <param name="help">What <c>--help</c> says.</param>
    /// <param name="apply">The options with this flag; flags apply in the order in which they are added.</param>
    public OptionSet<T> AddFlag(IReadOnlyList<string> names, string help, Func<T, T> apply)
    {
        flags.Add((new Option<bool>(names[0], [.. names.Skip(1)]) { Description = help, Arity = ArgumentArity.Zero }, apply));
        return this;
    }

    /// <summary>Lets arguments stand without a name: each is applied, in order.</summary>
    /// <param name="argument">What <c>--help</c> calls them.</param>
    /// <param name="help">What <c>--help</c> says.</param>
    /// <param name="apply">The options with one more.</param>
    public OptionSet<T> AddOperands(string argument, string help, Func<T, Value, T> apply)
    {
        var given = new Argument<string[]>(argument) { Description = help, HelpName = argument, Arity = ArgumentArity.ZeroOrMore };
        given.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.StartsWith('-')))
                result.AddError($"Unrecognized option '{token.Value}'.");
        });
        operands = (given, apply);
        return this;
    }

    /// <summary>A command with these options.</summary>
    /// <param name="name">What the user types.</param>
    /// <param name="description">What <c>--help</c> says of it.</param>
    /// <param name="work">Does what the options ask for.</param>
    public Command ToCommand(string name, string description, Action<T> work)
    {
        var command = new Command(name, description);
        if (operands is { } given)
            command.Arguments.Add(given.Argument);
        foreach (var option in values.Select(value => value.Option).Concat(flags.Select(flag => flag.Option)))
            command.Options.Add(option);
        command.SetAction(result => work(Read(result)));
        return command;
    }

    /// <summary>The options that the arguments ask for.</summary>
    /// <exception cref="UsageException">An option is unknown, lacks its value, or has one out of range.</exception>
    public T Parse(IReadOnlyList<string> arguments)
    {
        var result = ToCommand("parse", "", _ => { }).Parse(arguments);
        return result.Errors.Count == 0 ? Read(result) : throw new UsageException(result.Errors[0].Message);
    }

    private T Read(ParseResult result)
    {
        var options = flags.Where(flag => result.GetResult(flag.Option) is { Implicit: false }).Aggregate(defaults, (given, flag) => flag.Apply(given));
        if (operands is { } operand)
            options = Tokens(result.GetResult(operand.Argument)).Aggregate(options, (given, text) => operand.Apply(given, new Value(operand.Argument.Name, text)));
        return values.Where(value => result.GetResult(value.Option) is { Implicit: false })
            .Aggregate(options, (given, value) => value.Apply(given, new Value(value.Option.Name, Tokens(result.GetResult(value.Option)).Last())));
    }

    private static IEnumerable<string> Tokens(SymbolResult? result) => result?.Tokens.Select(token => token.Value) ?? [];
}
