using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Px.Pruning.Models.Data.Downloads;

// Downloads one file under another name, .partial, until it is whole and has the right checksum; begins where an earlier attempt stopped.
internal sealed class FileDownload(HttpClient client, DatasetDownloadOptions options, DatasetFile file, string path)
{
    private readonly string partial = PartialOf(path);

    private readonly string version = VersionOf(path);

    // The most bytes that are received.
    private readonly long limit = file.Length ?? options.MaximumLength;

    // Where a file is kept until it is whole.
    internal static string PartialOf(string path) => path + ".partial";

    // Where it is kept what the server calls the version that the partial file is of.
    internal static string VersionOf(string path) => path + ".version";

    // Throws HttpRequestException if the server cannot be reached, or has no such file, or its answer broke off too often.
    // Throws TimeoutException if the server does not answer.
    // Throws InvalidDataException if what it sends has another checksum or length.
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
        if (File.Exists(partial) && new FileInfo(partial).Length > limit)
            Forget();
        var start = File.Exists(partial) ? new FileInfo(partial).Length : 0;
        using var response = await SendAsync(Request(start), token).ConfigureAwait(false);
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
        var total = Total(response, start);
        if (Version(response) is { } version)
            await File.WriteAllTextAsync(this.version, version, token).ConfigureAwait(false);
        else
            File.Delete(this.version);
        await CopyAsync(response, start, total, progress, token).ConfigureAwait(false);
    }

    // Throws HttpRequestException alone, whatever the answer is: a redirection to a file, a header that is none.
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken token)
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FormatException or NotSupportedException or ArgumentException or IOException
            or (InvalidOperationException and not ObjectDisposedException))
        {
            throw new HttpRequestException($"{file.Address.Host} does not answer as a web server does: {e.Message}", e);
        }
    }

    // The length of the whole file by what the server says; null if it does not say. Throws InvalidDataException if it is not the file's.
    private long? Total(HttpResponseMessage response, long start)
    {
        var headers = response.Content.Headers;
        var total = headers.ContentRange?.Length ?? (headers.ContentLength is { } rest ? start + rest : null);
        if (total is { } found && (found < 0 || found > limit || found != (file.Length ?? found)))
            throw WrongLength($"{found}");
        return total;
    }

    private InvalidDataException WrongLength(string found) => new($"{file.Address} does not hold the file that was published there: it has "
        + $"{found} bytes instead of {(file.Length is null ? "at most " : null)}{limit}."
        + (file.Length is null ? " For a longer file, set its length, or MaximumLength in the options." : null));

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

    private async Task CopyAsync(HttpResponseMessage response, long start, long? total, IProgress<DownloadProgress>? progress,
        CancellationToken token)
    {
        using var source = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
        var body = new SteadyBody(source, options, file.Address.Host);
        using var target = new FileStream(partial, start == 0 ? FileMode.Create : FileMode.Append, FileAccess.Write);
        var (buffer, received) = (new byte[1 << 16], start);
        for (int count; (count = await body.ReadAsync(buffer, token).ConfigureAwait(false)) > 0;)
        {
            if (count > limit - received)
            {
                target.Dispose();
                Forget();
                throw WrongLength("more");
            }

            await target.WriteAsync(buffer.AsMemory(0, count), token).ConfigureAwait(false);
            received += count;
            progress?.Report(new DownloadProgress(file.Name, received, total ?? file.Length));
        }

        if (received < total)
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"The connection broke after {received} of {total} bytes.");
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
