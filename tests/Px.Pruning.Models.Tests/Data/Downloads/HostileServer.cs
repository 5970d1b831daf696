using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>A server on a socket of this machine that answers every request as it is told, by the rules of HTTP or not.</summary>
internal sealed class HostileServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, CancellationToken, Task> _answer;
    private readonly Task _serving;

    public HostileServer(Func<Stream, CancellationToken, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public HostileServer(string header, byte[] body)
        : this(async (stream, token) =>
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(header), token);
            await stream.WriteAsync(body, token);
        })
    {
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/");

    public int Requests { get; private set; }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _serving.Wait();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var connection = await _listener.AcceptTcpClientAsync(_stop.Token);
                var stream = connection.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                {
                }

                Requests++;
                await _answer(stream, _stop.Token);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The client has seen enough, or the test is over.
            }
        }
    }
}
