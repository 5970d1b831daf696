using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Runner.Tests.Display;

public sealed class ProgressBarTests : IDisposable
{
    private readonly ManualClock clock = new();
    private readonly StringWriter output = new() { NewLine = "\n" };

    [Fact]
    public void Report_OnATerminal_RedrawsOneLineAndErasesItInTheEnd()
    {
        using (var bar = new ProgressBar(OnTerminal(width: 100), "training", "batches", 48))
        {
            clock.Advance(6);
            bar.Report(12, "loss 0.500");
        }

        output.ToString().Should().NotContain("\n");
        Drawn().Should().Equal(
            "training [........................]   0 %",
            "training [######..................]  25 %  2.0 batches/s, 0:18 left, loss 0.500",
            "");
    }

    [Fact]
    public void Report_ManyAtOnceOnATerminal_DrawsTenASecondAtMost()
    {
        using (var bar = new ProgressBar(OnTerminal(width: 100), "training", "batches", 1000))
        {
            for (var done = 1; done <= 1000; done++)
            {
                clock.Advance(0.001);
                bar.Report(done);
            }
        }

        Drawn().Should().HaveCount(12, "one at the start, ten in the second, and the line is emptied");
        Drawn()[^2].Should().Contain("100 %");
    }

    [Fact]
    public void Report_LineLongerThanTheTerminal_IsCutBeforeItWraps()
    {
        using (var bar = new ProgressBar(OnTerminal(width: 40), "training", "batches", 10))
        {
            clock.Advance(1);
            bar.Report(5, new string('x', 100));
        }

        output.ToString().Split('\r').Should().OnlyContain(line => line.Length <= 39);
    }

    [Fact]
    public void Report_IntoAFile_WritesAPlainLineEveryTwentySeconds()
    {
        using (var bar = new ProgressBar(new Terminal(output, isInteractive: false, 80, clock), "training", "batches", 100))
        {
            for (var done = 1; done <= 50; done++)
            {
                clock.Advance(1);
                bar.Report(done);
            }
        }

        output.ToString().Should().Be(
            "training [####....................]  20 %  1.0 batches/s, 1:20 left\n" +
            "training [#########...............]  40 %  1.0 batches/s, 1:00 left\n");
    }

    [Fact]
    public void Report_IntoAFileThatIsQuiet_WritesNothing()
    {
        using (var bar = new ProgressBar(new Terminal(output, isInteractive: false, 80, clock).Quiet(), "training", "batches", 100))
        {
            clock.Advance(60);
            bar.Report(50);
        }

        output.ToString().Should().BeEmpty();
    }

    [Fact]
    public void Report_UnderAnother_KeepsThatAbove()
    {
        var terminal = OnTerminal(width: 60);
        using (var above = new ProgressBar(terminal, "sweep", "networks", 4, above: true))
        {
            clock.Advance(100);
            above.Report(1);
            using var bar = new ProgressBar(terminal, "training", "batches", 10);
            terminal.WriteLine("a line");
        }

        // The cursor goes back up after each drawing, which is of both lines; lines that stay take their place.
        string Padded(string text) => text.PadRight(59);
        output.ToString().Should().Be(
            $"\r{Padded("sweep [######..................]  25 %  36.0 networks/h, 5:")}\n\r{Padded("training [........................]   0 %")}\e[A"
            + $"\r{Padded("")}\n\r{Padded("")}\e[A\ra line\n");
    }

    [Theory]
    [InlineData(5, "2.0 copies/s")]
    [InlineData(600, "1.0 copies/min")]
    [InlineData(7200, "5.0 copies/h")]
    public void Report_SlowTask_CountsByTheMinuteOrTheHour(double seconds, string rate)
    {
        using (var bar = new ProgressBar(OnTerminal(width: 100), "copying", "copies", 100))
        {
            clock.Advance(seconds);
            bar.Report(10);
        }

        Drawn()[1].Should().Contain($"  {rate}, ");
    }

    [Fact]
    public void Report_MoreThanTheTotal_StaysAtTheEnd()
    {
        using (var bar = new ProgressBar(OnTerminal(width: 100), "copying", "bytes", 1000))
        {
            clock.Advance(1);
            bar.Report(3000);
        }

        Drawn()[1].Should().Be("copying [########################] 100 %  3,000 bytes/s, 0:00 left");
    }

    public void Dispose() => output.Dispose();

    private Terminal OnTerminal(int width) => new(output, isInteractive: true, width, clock);

    // Every drawing is "\r" and the text, padded to the whole line; in the end come "\r", spaces, "\r".
    private List<string> Drawn() => [.. output.ToString().Split('\r')[1..^1].Select(line => line.TrimEnd())];
}
