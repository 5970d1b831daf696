using Px.Demo.CommandLines;
using Px.Runner.CommandLines;

namespace Px.Demo.Tests.CommandLines;

public sealed class CommandLineTests
{
    [Fact]
    public void Parse_NoArguments_GivesTheDefaults() =>
        CommandLine.Parse([]).Should().BeEquivalentTo(new DemoOptions());

    [Fact]
    public void Parse_EveryOption_IsUnderstood()
    {
        string[] arguments =
        [
            "--epochs", "3", "--train-samples", "500", "--test-samples", "40", "--batch", "20", "--methods", "random,PX", "--sparsity", "0.5, 0.98",
            "--rounds", "7", "--seed", "42", "--device", "cuda", "--data", "images", "--output", "here",
        ];

        CommandLine.Parse(arguments).Should().BeEquivalentTo(new DemoOptions
        {
            Epochs = 3, TrainSamples = 500, TestSamples = 40, Batch = 20, Methods = ["random", "px"], Sparsities = [0.5, 0.98],
            Rounds = 7, Seed = 42, Cuda = true, Data = "images", Output = "here",
        }, options => options.WithStrictOrdering());
    }

    [Fact]
    public void Parse_ValueAttachedWithEqualsSign_IsTakenWhole() =>
        CommandLine.Parse(["--output=--a=b"]).Output.Should().Be("--a=b");

    [Fact]
    public void Parse_SameOptionTwice_TakesTheLast() =>
        CommandLine.Parse(["--seed", "1", "--seed", "2"]).Seed.Should().Be(2);

    [Theory]
    [InlineData("--quick", "--epochs", "4")]
    [InlineData("--epochs", "4", "--quick")]
    public void Parse_QuickWithAnExplicitOption_KeepsTheExplicitOne(params string[] arguments) =>
        CommandLine.Parse(arguments).Should().BeEquivalentTo(new DemoOptions().Quick() with { Epochs = 4 });

    [Theory]
    [InlineData("unknown option '--bogus'; --help lists them all", "--bogus")]
    [InlineData("unknown option 'px'; --help lists them all", "px")]
    [InlineData("unknown option '--quick=yes'; --help lists them all", "--quick=yes")]
    [InlineData("--epochs needs a value", "--epochs")]
    [InlineData("--data needs a value", "--data", "--quick")]
    [InlineData("--data must not be empty, not ''", "--data=")]
    [InlineData("--epochs must be a whole number from 1 to 10000, not '0'", "--epochs", "0")]
    [InlineData("--epochs must be a whole number from 1 to 10000, not '1.5'", "--epochs", "1.5")]
    [InlineData("--train-samples must be a whole number from 1 to 60000, not '60001'", "--train-samples", "60001")]
    [InlineData("--seed must be a whole number from 0 to 2147483647, not '-1'", "--seed", "-1")]
    [InlineData("--device must be one of cpu, cuda, not 'tpu'", "--device", "tpu")]
    [InlineData("--methods must be one of px, snip, magnitude, random, not 'grasp'", "--methods", "px,grasp")]
    [InlineData("--methods names something twice, not 'px,PX'", "--methods", "px,PX")]
    [InlineData("--batch 200 is more than the 100 images of --train-samples", "--batch", "200", "--train-samples", "100")]
    public void Parse_WrongArguments_SaysInOneLineWhatIsWrong(string message, params string[] arguments) =>
        FluentActions.Invoking(() => CommandLine.Parse(arguments)).Should().Throw<UsageException>().Which.Message.Should().Be(message);

    [Theory]
    [InlineData("1")]
    [InlineData("-0.1")]
    [InlineData("90")]
    [InlineData("NaN")]
    [InlineData("0.9;0.98")]
    [InlineData("0.9,")]
    public void Parse_SparsityThatIsNoFraction_IsRefused(string sparsity) =>
        FluentActions.Invoking(() => CommandLine.Parse(["--sparsity", sparsity]))
            .Should().Throw<UsageException>().WithMessage("--sparsity must be the fraction of weights to remove, at least 0 and below 1*");

    [Fact]
    public void Help_EveryOptionThatIsParsed_IsExplained()
    {
        string[] options =
        [
            "--methods", "--sparsity", "--rounds", "--epochs", "--train-samples", "--test-samples", "--batch", "--seed", "--device", "--data",
            "--output", "--quick", "--help",
        ];

        CommandLine.Help.Split('\n').Select(line => line.Trim().Split(' ')[0]).Where(word => word.StartsWith("--", StringComparison.Ordinal))
            .Should().Equal(options);
        CommandLine.Help.Split('\n').Should().OnlyContain(line => line.Length < 100);
    }
}
