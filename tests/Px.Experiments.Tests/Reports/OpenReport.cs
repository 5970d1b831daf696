using Px.Experiments.Tests.Support;
using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Reports;

/// <summary>A page, and a browser to look at it. One method's name is hostile, and long.</summary>
public sealed class OpenReport : IAsyncLifetime, IDisposable
{
    private const string Hostile = "A method whose name is long enough for a line of its own<img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>";

    private readonly TemporaryFolder folder = new();
    private Browser? browser;

    public async Task InitializeAsync()
    {
        if (BrowserFactAttribute.Executable is null)
            return;
        MadeUp.Write(folder.Path, MadeUp.Grid().Select(result => result.Cell.Method == "random" ? result with { Method = Hostile } : result), withMasks: true);
        App.Run(["report", folder.Path, "--output", folder.In("page.html")], new Terminal(TextWriter.Null, isInteractive: false, 80, TimeProvider.System), CancellationToken.None).Should().Be(0);
        browser = await Browser.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
    }

    public void Dispose() => folder.Dispose();

    internal Task<BrowserPage> OpenAsync(int width = 1400, bool dark = false) => BrowserPage.OpenAsync(browser!, folder.In("page.html"), width, dark);
}
