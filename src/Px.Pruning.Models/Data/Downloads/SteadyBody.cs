using System.Diagnostics;

namespace Px.Pruning.Models.Data.Downloads;

// The body of an answer that has to keep coming. Only the time that is spent waiting for the server counts.
internal sealed class SteadyBody(Stream source, DatasetDownloadOptions options, string host)
{
    // Bytes that have to come while the patience lasts; then it begins anew.
    private readonly long needed = Math.Max(1, (long)(options.MinimumRate * options.Patience.TotalSeconds));

    private long received;

    private TimeSpan left = options.Patience;

    // Throws HttpIOException if the connection broke, is silent or too slow.
    internal async Task<int> ReadAsync(byte[] buffer, CancellationToken token)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(token);
        patience.CancelAfter(left);
        var start = Stopwatch.GetTimestamp();
        try
        {
            var count = await source.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
            received += count;
            left -= Stopwatch.GetElapsedTime(start);
            if (received >= needed)
                (received, left) = (0, options.Patience);
            else if (left < TimeSpan.Zero)
                left = TimeSpan.Zero;
            return count;
        }
        catch (OperationCanceledException e) when (!token.IsCancellationRequested)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"{host} sent {received} bytes in {options.Patience.TotalSeconds} s, "
                + $"and {needed} are the least that is waited for.", e);
        }
        catch (IOException e) when (e is not HttpIOException)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, e.Message, e);
        }
    }
}
