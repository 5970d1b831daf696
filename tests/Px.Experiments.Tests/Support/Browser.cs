using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Support;

/// <summary>A headless browser, spoken to by the DevTools protocol, with a profile of its own.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Announcement = "DevTools listening on ";
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder profile = new();
    private readonly ClientWebSocket socket = new();
    private readonly SemaphoreSlim sending = new(1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> answers = new();
    private readonly ConcurrentQueue<JsonElement> events = new();
    private Process? process;
    private Task reading = Task.CompletedTask;
    private int lastId;

    /// <summary>What the browser told unasked, in order.</summary>
    public IEnumerable<JsonElement> Events => events;

    public static async Task<Browser> StartAsync()
    {
        var browser = new Browser();
        try
        {
            // Without a sandbox, because tests run as root in containers; the pages are our own.
            string[] arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", "--remote-debugging-port=0", $"--user-data-dir={browser.profile.Path}", "about:blank"];
            browser.process = Process.Start(new ProcessStartInfo(BrowserFactAttribute.Executable!, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            using var patience = new CancellationTokenSource(Patience);
            while (await browser.process.StandardError.ReadLineAsync(patience.Token) is { } line)
            {
                if (!line.StartsWith(Announcement, StringComparison.Ordinal))
                    continue;
                _ = browser.process.StandardError.ReadToEndAsync(CancellationToken.None);
                await browser.socket.ConnectAsync(new Uri(line[Announcement.Length..]), patience.Token);
                browser.reading = browser.ReadAsync();
                return browser;
            }

            throw new InvalidOperationException("The browser ended before it listened.");
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a command and waits for its result.</summary>
    /// <exception cref="InvalidOperationException">The browser refuses it.</exception>
    public async Task<JsonElement> SendAsync(string method, object? parameters = null, string? session = null)
    {
        var id = Interlocked.Increment(ref lastId);
        var answer = answers[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters ?? new { }, sessionId = session }, Json);
        await sending.WaitAsync();
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            sending.Release();
        }

        var reply = await answer.Task.WaitAsync(Patience);
        return reply.TryGetProperty("result", out var result) ? result : throw new InvalidOperationException($"{method}: {reply}");
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        await reading;
        process?.Dispose();
        socket.Dispose();
        sending.Dispose();
        profile.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                    return;
                message.Write(buffer, 0, received.Count);
                if (!received.EndOfMessage)
                    continue;
                var told = JsonSerializer.Deserialize<JsonElement>(message.ToArray());
                message.SetLength(0);
                if (told.TryGetProperty("id", out var id) && answers.TryRemove(id.GetInt32(), out var answer))
                    answer.SetResult(told);
                else
                    events.Enqueue(told);
            }
        }
        catch (WebSocketException)
        {
            // The browser was ended.
        }
        finally
        {
            foreach (var answer in answers.Values)
                answer.TrySetException(new InvalidOperationException("The browser is gone."));
        }
    }
}
