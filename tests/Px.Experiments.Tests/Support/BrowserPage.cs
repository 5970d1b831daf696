using System.Text.Json;

namespace Px.Experiments.Tests.Support;

/// <summary>A page in a <see cref="Browser"/>, with a screen, a mouse and a keyboard.</summary>
internal sealed class BrowserPage
{
    private readonly Browser browser;
    private readonly string session;

    private BrowserPage(Browser browser, string session) => (this.browser, this.session) = (browser, session);

    /// <summary>Opens a file on a screen of some width, and waits until it is there.</summary>
    public static async Task<BrowserPage> OpenAsync(Browser browser, string file, int width = 1400, bool dark = false)
    {
        var target = await browser.SendAsync("Target.createTarget", new { url = "about:blank" });
        var attached = await browser.SendAsync("Target.attachToTarget", new { targetId = target.GetProperty("targetId").GetString(), flatten = true });
        var page = new BrowserPage(browser, attached.GetProperty("sessionId").GetString()!);
        foreach (var domain in (string[])["Page", "Network", "Runtime", "Log"])
            await page.SendAsync($"{domain}.enable");
        await page.SendAsync("Emulation.setDeviceMetricsOverride", new { width, height = 900, deviceScaleFactor = 1, mobile = false });
        await page.SendAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" }, new { name = "prefers-reduced-motion", value = "reduce" } } });
        await page.SendAsync("Page.navigate", new { url = new Uri(file).AbsoluteUri });
        await page.UntilAsync("location.protocol === 'file:' && document.readyState === 'complete'");
        return page;
    }

    /// <summary>URLs of everything that the page asked for.</summary>
    public IEnumerable<string> Requests => Told("Network.requestWillBeSent").Select(told => told.GetProperty("request").GetProperty("url").GetString()!);

    /// <summary>Exceptions, and everything on the console.</summary>
    public IEnumerable<string> Complaints =>
        new[] { "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening" }.SelectMany(Told).Select(told => told.ToString());

    /// <summary>The value of a JavaScript expression.</summary>
    public async Task<T> EvaluateAsync<T>(string expression)
    {
        var answer = await SendAsync("Runtime.evaluate", new { expression, returnByValue = true, awaitPromise = true });
        return answer.TryGetProperty("exceptionDetails", out var exception)
            ? throw new InvalidOperationException($"{expression}: {exception}")
            : answer.GetProperty("result").GetProperty("value").Deserialize<T>()!;
    }

    /// <summary>Moves the mouse to the middle of an element, which is scrolled into view.</summary>
    public async Task PointAtAsync(string selector)
    {
        var (x, y) = await MiddleAsync(selector);
        await SendAsync("Input.dispatchMouseEvent", new { type = "mouseMoved", x, y });
    }

    /// <summary>Clicks the middle of an element, which is scrolled into view.</summary>
    public async Task ClickAsync(string selector)
    {
        var (x, y) = await MiddleAsync(selector);
        foreach (var type in (string[])["mousePressed", "mouseReleased"])
            await SendAsync("Input.dispatchMouseEvent", new { type, x, y, button = "left", clickCount = 1 });
    }

    /// <summary>Presses a key where the focus is.</summary>
    public async Task PressAsync(string key, int code, string? text = null)
    {
        await SendAsync("Input.dispatchKeyEvent", new { type = text is null ? "rawKeyDown" : "keyDown", key, code = key, windowsVirtualKeyCode = code, text });
        await SendAsync("Input.dispatchKeyEvent", new { type = "keyUp", key, code = key, windowsVirtualKeyCode = code });
    }

    private async Task<(double X, double Y)> MiddleAsync(string selector)
    {
        var middle = await EvaluateAsync<double[]>($$"""
            (() => {
              const element = document.querySelector({{JsonSerializer.Serialize(selector)}});
              element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
              const box = element.getBoundingClientRect();
              return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done([box.left + box.width / 2, box.top + box.height / 2]))));
            })()
            """);
        return (middle[0], middle[1]);
    }

    private async Task UntilAsync(string condition)
    {
        for (var i = 0; i < 600; i++)
        {
            if (await EvaluateAsync<bool>(condition))
                return;
            await Task.Delay(50);
        }

        throw new TimeoutException(condition);
    }

    private Task<JsonElement> SendAsync(string method, object? parameters = null) => browser.SendAsync(method, parameters, session);

    private IEnumerable<JsonElement> Told(string method) =>
        browser.Events.Where(told => told.TryGetProperty("sessionId", out var from) && from.GetString() == session && told.GetProperty("method").GetString() == method).Select(told => told.GetProperty("params"));
}
