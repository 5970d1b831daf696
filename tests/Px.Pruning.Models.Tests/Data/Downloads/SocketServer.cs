using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>A web server on a socket of this machine that has one file, and hangs up in the middle of its first answer.</summary>
internal sealed class SocketServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _content;
    private readonly int _breaksAfter;
    private readonly Task _serving;

    public SocketServer(byte[] content, int breaksAfter)
    {
        (_content, _breaksAfter) = (content, breaksAfter);
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/");

    /// <summary>Where each request asked to begin; null where it asked for all.</summary>
    public List<long?> Ranges { get; } = [];

    public void Dispose()
    {
        _listener.Stop();
        _serving.Wait();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var connection = await _listener.AcceptTcpClientAsync();
                await AnswerAsync(connection.GetStream());
            }
        }
        catch (SocketException)
        {
            // Stopped.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        long? from = null;
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            if (line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                from = long.Parse(line["Range: bytes=".Length..].TrimEnd('-'));
        }

        Ranges.Add(from);
        var body = _content[(int)(from ?? 0)..];
        var status = from is null ? "200 OK" : $"206 Partial Content\r\nContent-Range: bytes {from}-{_content.Length - 1}/{_content.Length}";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nETag: \"one\"\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(from is null ? body[.._breaksAfter] : body);
    }
}
