using Px.Runner.CommandLines;
using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Runner.Tests;

public sealed class ConsoleProgramTests : IDisposable
{
    private readonly StringWriter output = new() { NewLine = "\n" }, errors = new() { NewLine = "\n" };

    public static TheoryData<Exception, int, string> Failures => new()
    {
        { new UsageException("--x is wrong"), ExitCode.Usage, "toy: --x is wrong\n" },
        { new ProgramException("no data"), ExitCode.Failed, "toy: no data\n" },
        { new FileNotFoundException("no file"), ExitCode.Failed, "toy: no file\n" },
        { new InvalidDataException("damaged"), ExitCode.Failed, "toy: damaged\n" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Run_WorkFails_SaysWhyInOneLine(Exception failure, int exitCode, string text)
    {
        Run(() => throw failure).Should().Be(exitCode);

        errors.ToString().Should().Be(text);
        output.ToString().Should().BeEmpty();
    }

    [Fact]
    public void Run_WorkFailsOtherwise_IsAnErrorOfTheProgram() =>
        FluentActions.Invoking(() => Run(() => throw new InvalidOperationException("a bug"))).Should().Throw<InvalidOperationException>().WithMessage("a bug");

    [Fact]
    public void Run_WorkIsDone_SaysSo()
    {
        var given = 0;

        ConsoleProgram.Run(Toy(options => given = options.Number), ["--number", "7"], Terminals.To(output), CancellationToken.None).Should().Be(ExitCode.Done);

        given.Should().Be(7);
    }

    [Fact]
    public void Run_Help_DoesNotWork()
    {
        Run(() => throw new ProgramException("worked"), "--bogus", "--help").Should().Be(ExitCode.Done);

        output.ToString().Should().Contain("A toy.").And.Contain("--number <N>").And.EndWith("Exit codes: 0 done, 1 failed, 2 wrong option, 130 Ctrl+C or SIGTERM.\n");
    }

    [Theory]
    [InlineData("--bogus", "--bogus")]
    [InlineData("--number", "--number", "--number=")]
    [InlineData("Did you mean", "--numbr", "1")]
    public void Run_WrongOption_SaysWhichAndHowToFindTheRightOne(string text, params string[] arguments)
    {
        Run(() => throw new ProgramException("worked"), arguments).Should().Be(ExitCode.Usage);

        (errors.ToString() + output).Should().Contain(text).And.Contain("toy: ");
    }

    [Fact]
    public void Run_Cancelled_TellsByItsExitCode()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();

        ConsoleProgram.Run(Toy(_ => source.Token.ThrowIfCancellationRequested()), [], Terminals.To(output), source.Token, "Stopped.").Should().Be(ExitCode.Cancelled);
        output.ToString().Should().Be("Stopped.\n");
    }

    [Fact]
    public void Choose_CudaThatIsNotThere_SaysWhatToDo()
    {
        if (TorchSharp.torch.cuda.is_available())
            Devices.Choose(cuda: true).type.Should().Be(TorchSharp.DeviceType.CUDA);
        else
            FluentActions.Invoking(() => Devices.Choose(cuda: true)).Should().Throw<UsageException>().WithMessage("--device cuda: no CUDA device can be used; build with*");
    }

    public void Dispose()
    {
        output.Dispose();
        errors.Dispose();
    }

    private int Run(Action work, params string[] arguments) => ConsoleProgram.Run(
        Toy(_ => work()), arguments, new Terminal(output, isInteractive: false, 80, TimeProvider.System, errors), CancellationToken.None);

    private static System.CommandLine.Command Toy(Action<Options> work) => new OptionSet<Options>(new Options(1))
        .Add("--number", "N", "a number [1]", (options, value) => options with { Number = value.Whole(0, 9) })
        .ToCommand("toy", "A toy.", work);

    private sealed record Options(int Number);
}
