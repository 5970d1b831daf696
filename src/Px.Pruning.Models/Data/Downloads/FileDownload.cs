using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Px.Pruning.Models.Data.Downloads;

// Downloads one file under another name, .partial, until it is whole and has the right checksum; begins where an earlier attempt stopped.
internal sealed class FileDownload(HttpClient client, DatasetDownloadOptions options, DatasetFile file, string path)
{
    private readonly string partial = path + ".partial";

    // What the server calls the version that the partial file is of.
    private readonly string version = path + ".version";

    // Throws HttpRequestException if the server cannot be reached, or has no such file, or its answer broke off too often.
    // Throws TimeoutException if the server does not answer.
    // Throws InvalidDataException if what it sends has another checksum.
    internal async Task RunAsync(IProgress<DownloadProgress>? progress, CancellationToken token)
    {
        while (true)
        {
            var wasResumed = await ReceiveAsync(progress, token).ConfigureAwait(false);
            if (await FileChecksum.MatchesAsync(partial, file.Checksum, token).ConfigureAwait(false))
                break;
            Forget();
            // What was there before may have been bad: once more, from the beginning.
            if (!wasResumed)
            {
                throw new InvalidDataException($"{file.Address} does not hold the file that was published there: its checksum is not "
                    + $"{file.Checksum}.");
            }
        }

        File.Move(partial, path, overwrite: true);
        Forget();
    }

    // Returns whether a part was there before.
    private async Task<bool> ReceiveAsync(IProgress<DownloadProgress>? progress, CancellationToken token)
    {
        var wasResumed = File.Exists(partial);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await ReceiveOnceAsync(progress, token).ConfigureAwait(false);
                return wasResumed;
            }
            catch (HttpIOException) when (attempt < options.Retries)
            {
                // Broken off in the middle: go on from there.
            }
            catch (OperationCanceledException e) when (!token.IsCancellationRequested)
            {
                throw new TimeoutException($"{file.Address.Host} does not answer.", e);
            }
        }
    }

    private async Task ReceiveOnceAsync(IProgress<DownloadProgress>? progress, CancellationToken token)
    {
        var start = File.Exists(partial) ? new FileInfo(partial).Length : 0;
        using var response = await client.SendAsync(Request(start), HttpCompletionOption.ResponseHeadersRead, token).ConfigureAwait(false);
        if (start > 0 && response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // All of it is there, or more than all: the checksum will tell.
            return;
        }

        response.EnsureSuccessStatusCode();
        if (response.StatusCode != HttpStatusCode.PartialContent)
            start = 0;
        else if (response.Content.Headers.ContentRange?.From != start)
            throw new HttpRequestException($"{file.Address.Host} sent another part of the file than it was asked for.");
        if (Version(response) is { } version)
            await File.WriteAllTextAsync(this.version, version, token).ConfigureAwait(false);
        else
            File.Delete(this.version);
        await CopyAsync(response, start, progress, token).ConfigureAwait(false);
    }

    private HttpRequestMessage Request(long start)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, file.Address);
        if (start == 0)
            return request;
        request.Headers.Range = new RangeHeaderValue(start, null);
        // The server sends all of it if it has another version by now.
        if (File.Exists(version) && RangeConditionHeaderValue.TryParse(File.ReadAllText(version), out var condition))
            request.Headers.IfRange = condition;
        return request;
    }

    private async Task CopyAsync(HttpResponseMessage response, long start, IProgress<DownloadProgress>? progress, CancellationToken token)
    {
        long? total = response.Content.Headers.ContentLength is { } length ? start + length : null;
        using var source = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
        using var target = new FileStream(partial, start == 0 ? FileMode.Create : FileMode.Append, FileAccess.Write);
        var (buffer, received) = (new byte[1 << 16], start);
        for (int count; (count = await ReadAsync(source, buffer, token).ConfigureAwait(false)) > 0;)
        {
            await target.WriteAsync(buffer.AsMemory(0, count), token).ConfigureAwait(false);
            received += count;
            progress?.Report(new DownloadProgress(file.Name, received, total));
        }

        if (received < total)
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"The connection broke after {received} of {total} bytes.");
    }

    // Throws HttpIOException if the connection broke, or is silent.
    private async Task<int> ReadAsync(Stream source, byte[] buffer, CancellationToken token)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(token);
        patience.CancelAfter(options.Patience);
        try
        {
            return await source.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!token.IsCancellationRequested)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"{file.Address.Host} sent nothing for "
                + $"{options.Patience.TotalSeconds} s.", e);
        }
        catch (IOException e) when (e is not HttpIOException)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, e.Message, e);
        }
    }

    private static string? Version(HttpResponseMessage response) => response.Headers.ETag is { IsWeak: false } tag
        ? tag.ToString()
        : response.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);

    private void Forget()
    {
        File.Delete(partial);
        File.Delete(version);
    }
}
