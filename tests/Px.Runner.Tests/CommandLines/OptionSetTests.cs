using Px.Runner.CommandLines;
using Px.Runner.Tests.Support;

namespace Px.Runner.Tests.CommandLines;

public sealed class OptionSetTests
{
    private readonly OptionSet<Given> options = new OptionSet<Given>(new Given(1, "a"))
        .Add("--number", "N", $"a number that {string.Join(' ', Enumerable.Repeat("words", 30))} [1]", (given, value) => given with { Number = value.Whole(0, 9) })
        .Add("--text", "TEXT", "some text", (given, value) => given with { Text = value.Text })
        .AddFlag(["--nine", "-9"], "nine", given => given with { Number = 9 });

    [Theory]
    [InlineData(1, "a")]
    [InlineData(2, "a", "--number", "2")]
    [InlineData(2, "a", "--number=2")]
    [InlineData(3, "a", "--number", "2", "--number", "3")]
    [InlineData(9, "--b=c", "-9", "--text=--b=c")]
    [InlineData(4, "a", "--number", "4", "--nine")]
    public void Parse_Arguments_GivesTheOptions(int number, string text, params string[] arguments) => options.Parse(arguments).Should().Be(new Given(number, text));

    [Theory]
    [InlineData("*'--other'*", "--other", "1")]
    [InlineData("*'1'*", "--nine=1")]
    [InlineData("*'--number'*", "--number")]
    [InlineData("*'--number'*", "--number", "--nine")]
    [InlineData("*'word'*", "word")]
    [InlineData("--number must be a whole number from 0 to 9, not '10'", "--number", "10")]
    [InlineData("*'--text'*", "--text=")]
    public void Parse_WrongArguments_SaysWhatIsWrong(string message, params string[] arguments) =>
        FluentActions.Invoking(() => options.Parse(arguments)).Should().Throw<UsageException>().WithMessage(message);

    [Fact]
    public void Parse_Operands_AreTakenInOrderFromBetweenOptions()
    {
        options.AddOperands("WORD", "words", (given, value) => given with { Text = given.Text + value.Text });

        options.Parse(["b", "--number", "2", "c", "--nine", "d"]).Should().Be(new Given(2, "abcd"));
        FluentActions.Invoking(() => options.Parse(["-b"])).Should().Throw<UsageException>().WithMessage("*option '-b'*");
    }

    [Fact]
    public void Help_LongTexts_AreWrappedInTheirColumn()
    {
        using var output = new StringWriter { NewLine = "\n" };

        ConsoleProgram.Run(options.ToCommand("toy", "Does nothing.", _ => { }), ["--help"], Terminals.To(output), CancellationToken.None).Should().Be(ExitCode.Done);

        var lines = output.ToString().Split('\n');
        lines.Should().OnlyContain(line => line.Length < 80).And.ContainMatch("*toy*").And.ContainMatch("*Does nothing.*");
        var first = Array.FindIndex(lines, line => line.TrimStart().StartsWith("--number <N>", StringComparison.Ordinal));
        lines[first + 1].Should().StartWith(new string(' ', lines[first].IndexOf("a number", StringComparison.Ordinal)) + "words");
    }

    private sealed record Given(int Number, string Text);
}
