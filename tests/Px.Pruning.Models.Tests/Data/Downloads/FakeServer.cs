using System.Net;
using System.Net.Http.Headers;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>Answers requests without a network, in all the ways that servers do, and remembers them.</summary>
internal sealed class FakeServer : HttpMessageHandler
{
    private readonly Dictionary<string, byte[]> _files = [];

    public List<HttpRequestMessage> Requests { get; } = [];

    public EntityTagHeaderValue? ETag { get; set; } = new("\"one\"");

    public DateTimeOffset? LastModified { get; set; }

    public bool SupportsRanges { get; set; } = true;

    public bool SaysItsLength { get; set; } = true;

    /// <summary>How a body goes wrong after so many bytes; each entry is for one answer, in order.</summary>
    public Queue<(int Bytes, Fault Fault)> Faults { get; } = [];

    /// <summary>What a server that cannot be reached does.</summary>
    public Exception? Unreachable { get; set; }

    public HttpStatusCode? Refusal { get; set; }

    public void Put(string name, byte[] content) => _files[name] = content;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Requests.Add(request);
        if (Unreachable is not null)
            throw Unreachable;
        if (Refusal is { } refusal || !_files.TryGetValue(request.RequestUri!.Segments[^1], out var content))
            return Task.FromResult(new HttpResponseMessage(Refusal ?? HttpStatusCode.NotFound));

        var start = 0;
        if (SupportsRanges && request.Headers.Range?.Ranges.Single().From is { } from && IsOfThisVersion(request))
            start = (int)from;
        if (start > 0 && start >= content.Length)
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable));
        var body = content[start..];
        var fault = Faults.TryDequeue(out var next) ? next : (body.Length, Fault.None);
        var response = new HttpResponseMessage(start > 0 ? HttpStatusCode.PartialContent : HttpStatusCode.OK) { Content = new StreamContent(new Body(body, fault.Item1, fault.Item2)) };
        response.Content.Headers.ContentLength = SaysItsLength ? body.Length : null;
        if (start > 0)
            response.Content.Headers.ContentRange = new ContentRangeHeaderValue(start, content.Length - 1, content.Length);
        response.Headers.ETag = ETag;
        response.Content.Headers.LastModified = LastModified;
        return Task.FromResult(response);
    }

    private bool IsOfThisVersion(HttpRequestMessage request) => request.Headers.IfRange is not { } condition
        || (condition.EntityTag is { } tag && tag.Equals(ETag)) || (condition.Date is { } date && date == LastModified);

    internal enum Fault
    {
        None,
        Ends,
        Breaks,
        Hangs,
    }

    private sealed class Body(byte[] content, int until, Fault fault) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_position == until && fault == Fault.Breaks)
                throw new IOException("Connection reset by peer.");
            if (_position == until && fault == Fault.Hangs)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            var count = Math.Min(Math.Min(buffer.Length, 1000), Math.Min(until, content.Length) - _position);
            content.AsMemory(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
