using System.Runtime.ExceptionServices;

namespace Px.Pruning.Models.Data.Downloads;

/// <summary>Downloads published data sets into a cache, checks their checksums, and unpacks them.</summary>
/// <remarks>
/// <para>A download that was broken off, or cancelled, goes on where it stopped. Two processes at once wait for each other. What has its
/// final name is whole.</para>
/// <para>What a killed process left half unpacked, or half received of a data set that is there by now, is removed.</para>
/// <para>A server can send no more than the length of the file, or <see cref="DatasetDownloadOptions.MaximumLength"/>, and has to keep to
/// <see cref="DatasetDownloadOptions.MinimumRate"/>.</para>
/// <para>A file that was put into the cache by hand is used as if it had been downloaded, checksum included; so is an unpacked folder, or
/// an IDX file without <c>.gz</c>.</para>
/// </remarks>
public sealed class DatasetDownload
{
    private readonly HttpClient client;
    private readonly DatasetDownloadOptions options;

    /// <param name="client">Sends the requests; not disposed. Its timeout is for the start of each answer.</param>
    /// <param name="options">Cache and retries; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option lies outside its range.</exception>
    public DatasetDownload(HttpClient client, DatasetDownloadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        (this.client, this.options) = (client, options ?? new DatasetDownloadOptions());
        this.options.Validate();
    }

    /// <summary>Tells the folder that a data set has, or will have, in the cache.</summary>
    /// <param name="archive">The data set.</param>
    public string FolderOf(DatasetArchive archive)
    {
        ArgumentNullException.ThrowIfNull(archive);
        return Path.Combine(options.Cache, archive.Folder);
    }

    /// <summary>Gets a data set, from the cache or the network.</summary>
    /// <param name="archive">Which.</param>
    /// <param name="progress">Told of every piece that is received; null for nobody.</param>
    /// <param name="token">Stops it; what was received is kept for the next time.</param>
    /// <returns>The folder to give to the data set's loader.</returns>
    /// <exception cref="FileNotFoundException">A file is not in the cache and cannot be downloaded; the message says which file to put
    /// where.</exception>
    /// <exception cref="InvalidDataException">A file is not the one that was published, in length or checksum, or its archive is damaged
    /// or unsafe to unpack.</exception>
    /// <exception cref="IOException">The cache cannot be read or written; also where the system denies it.</exception>
    /// <exception cref="OperationCanceledException">The token stopped it.</exception>
    /// <remarks>Whatever the server or the archive holds, there are no other exceptions than these; those of <paramref name="progress"/>
    /// come through.</remarks>
    public async Task<string> GetAsync(DatasetArchive archive, IProgress<DownloadProgress>? progress = null,
        CancellationToken token = default)
    {
        var folder = FolderOf(archive);
        var heard = progress is null ? null : new CallersProgress(progress);
        try
        {
            if (!await IsWholeAsync(archive, folder, token).ConfigureAwait(false))
                await FetchAsync(archive, folder, heard, token).ConfigureAwait(false);
            new Leftovers(archive, folder).RemoveAll();
            return folder;
        }
        catch (CallersException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"The cache in '{folder}' cannot be read or written: {e.Message}", e);
        }
    }

    private async Task FetchAsync(DatasetArchive archive, string folder, IProgress<DownloadProgress>? progress, CancellationToken token)
    {
        Directory.CreateDirectory(folder);
        using var held = await FolderLock.TakeAsync(folder, token).ConfigureAwait(false);
        new Leftovers(archive, folder).RemoveUnpackings();
        foreach (var file in archive.Files)
        {
            // Another process may have finished meanwhile.
            if (IsUnpacked(archive, folder))
                return;
            await EnsureAsync(archive, file, folder, progress, token).ConfigureAwait(false);
            if (archive.UnpacksTo is { } inner)
                ArchiveUnpacker.Unpack(Path.Combine(folder, file.Name), folder, inner, archive.MaximumUnpackedLength, token);
        }
    }

    private static async Task<bool> IsWholeAsync(DatasetArchive archive, string folder, CancellationToken token) =>
        IsUnpacked(archive, folder) || (archive.UnpacksTo is null && await AreThereAsync(archive, folder, token).ConfigureAwait(false));

    private static bool IsUnpacked(DatasetArchive archive, string folder) =>
        archive.UnpacksTo is { } inner && Directory.Exists(Path.Combine(folder, inner));

    private static async Task<bool> AreThereAsync(DatasetArchive archive, string folder, CancellationToken token)
    {
        foreach (var file in archive.Files)
        {
            if (!await IsThereAsync(archive, file, folder, token).ConfigureAwait(false))
                return false;
        }

        return true;
    }

    private static async Task<bool> IsThereAsync(DatasetArchive archive, DatasetFile file, string folder, CancellationToken token)
    {
        var path = Path.Combine(folder, file.Name);
        if (!File.Exists(path))
            return archive.UnpacksTo is null && Path.GetExtension(file.Name) == ".gz" && File.Exists(Path.ChangeExtension(path, null));
        return await FileChecksum.MatchesAsync(path, file.Checksum, token).ConfigureAwait(false)
            ? true
            : throw new InvalidDataException($"'{path}' is not the file that was published at {file.Address}: its checksum is not "
            + $"{file.Checksum}. Delete it to download it again.");
    }

    private async Task EnsureAsync(DatasetArchive archive, DatasetFile file, string folder, IProgress<DownloadProgress>? progress,
        CancellationToken token)
    {
        if (await IsThereAsync(archive, file, folder, token).ConfigureAwait(false))
            return;
        var path = Path.Combine(folder, file.Name);
        try
        {
            await new FileDownload(client, options, file, path).RunAsync(progress, token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException or TimeoutException)
        {
            throw new FileNotFoundException(
                $"{archive.Name} is not on this machine, and {file.Name} could not be downloaded: {e.Message} Put the file from "
                + $"{file.Address} into '{folder}', or try again.", path, e);
        }
    }
}
