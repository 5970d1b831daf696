using Px.Samples.Faster;

namespace Px.Samples.Tests;

public sealed class FasterTests
{
    [Fact]
    public void Run_SmallResNet_PrintsWhatItGained()
    {
        var run = SampleRun.Of(Sample.Run, "--width", "16", "--side", "32", "--batch", "2", "--keep", "0.5");

        run.ExitCode.Should().Be(0, run.Output);
        run.Output.Should().Contain("at most 50 % of the FLOPs").And.Contain("ms after").And.Contain("layer4.1.conv2").And.Contain("of the time that it took");
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--depth", "20")]
    [InlineData(2, "--keep", "1")]
    [InlineData(2, "--keep", "0.00001", "--width", "16", "--side", "32")]
    public void Run_NothingToDo_TellsByItsExitCode(int exitCode, params string[] arguments) => SampleRun.Of(Sample.Run, arguments).ExitCode.Should().Be(exitCode);
}
