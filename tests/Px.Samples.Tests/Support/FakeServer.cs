using System.Net;

namespace Px.Samples.Tests.Support;

/// <summary>Answers requests without a network, and remembers them.</summary>
internal sealed class FakeServer(Func<Uri, HttpResponseMessage> answer) : HttpMessageHandler
{
    public List<Uri> Requests { get; } = [];

    public static FakeServer Offline() => new(_ => throw new HttpRequestException("No such host is known."));

    public static FakeServer With(byte[] content) => new(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(content) });

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add(request.RequestUri!);
        return answer(request.RequestUri!);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(Send(request, cancellationToken));
}
