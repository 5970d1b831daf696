using Px.Runner.Display;

namespace Px.Experiments.Tests;

public sealed class AppTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(2, "no-such-command")]
    [InlineData(0, "--help")]
    public void Run_WithoutCommand_SaysWhichThereAre(int exitCode, params string[] arguments)
    {
        var output = new StringWriter();

        App.Run(arguments, new Terminal(output, false, 80, TimeProvider.System), CancellationToken.None).Should().Be(exitCode);

        output.ToString().Should().Contain("run").And.Contain("sweep");
    }
}
