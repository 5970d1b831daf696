using Px.Samples.Display;

namespace Px.Experiments.Tests;

public sealed class AppTests
{
    [Fact]
    public void Run_WithoutCommand_SaysWhichThereAre()
    {
        var output = new StringWriter();

        var exitCode = App.Run([], new Terminal(output, false, 80, TimeProvider.System), CancellationToken.None);

        exitCode.Should().Be(2);
        output.ToString().Should().Contain("run, sweep, report or compare");
    }
}
