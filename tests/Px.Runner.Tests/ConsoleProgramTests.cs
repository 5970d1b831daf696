using Px.Runner.CommandLines;
using Px.Runner.Tests.Support;

namespace Px.Runner.Tests;

public sealed class ConsoleProgramTests : IDisposable
{
    private readonly StringWriter output = new() { NewLine = "\n" };
    private readonly ConsoleProgram program = new("toy", () => "Help.");

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
        program.Run([], Terminals.To(output), () => throw failure, CancellationToken.None).Should().Be(exitCode);
        output.ToString().Should().Be(text);
    }

    [Fact]
    public void Run_Help_DoesNotWork()
    {
        program.Run(["--bogus", "--help"], Terminals.To(output), () => throw new ProgramException("worked"), CancellationToken.None).Should().Be(ExitCode.Done);
        output.ToString().Should().StartWith("Help.\n\nExit codes: 0 done");
    }

    [Fact]
    public void Run_Cancelled_TellsByItsExitCode()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();

        program.Run([], Terminals.To(output), () => source.Token.ThrowIfCancellationRequested(), source.Token).Should().Be(ExitCode.Cancelled);
    }

    [Fact]
    public void Choose_CudaThatIsNotThere_SaysWhatToDo()
    {
        if (TorchSharp.torch.cuda.is_available())
            Devices.Choose(cuda: true).type.Should().Be(TorchSharp.DeviceType.CUDA);
        else
            FluentActions.Invoking(() => Devices.Choose(cuda: true)).Should().Throw<UsageException>().WithMessage("--device cuda: no CUDA device can be used; build with*");
    }

    public void Dispose() => output.Dispose();
}
