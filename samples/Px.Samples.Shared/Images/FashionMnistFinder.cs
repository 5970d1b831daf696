using Px.Samples.Display;

namespace Px.Samples.Images;

/// <summary>Finds the folder with the four files of Fashion-MNIST: one that is given, the Debian package's, or a cache that is filled from the network.</summary>
public sealed class FashionMnistFinder
{
    /// <summary>Where Debian's package <c>dataset-fashion-mnist</c> puts them.</summary>
    public string PackageFolder { get; init; } = "/usr/share/datasets/fashion-mnist";

    /// <summary>Where this program keeps what it downloads.</summary>
    public string CacheFolder { get; init; } = DefaultCache();

    /// <summary>Asked for the files that the cache lacks.</summary>
    public required FashionMnistDownload Download { get; init; }

    /// <param name="given">The user's folder; null to look for one.</param>
    /// <param name="terminal">Where a download shows how far it is.</param>
    /// <param name="token">Stops a download.</param>
    /// <exception cref="SampleException">The given folder lacks a file, or nothing was found and the download failed; the message says which files to put where.</exception>
    public string Find(string? given, Terminal terminal, CancellationToken token)
    {
        if (given is not null)
        {
            return Missing(given) is { Count: > 0 } missing
                ? throw new SampleException($"'{given}' lacks {string.Join(", ", missing.Select(file => file.Name))}. {WhatToDo(given)}")
                : given;
        }

        foreach (var folder in (string[])[PackageFolder, CacheFolder])
        {
            if (Missing(folder).Count == 0)
                return folder;
        }

        try
        {
            Download.Fetch(Missing(CacheFolder), CacheFolder, terminal, token);
            return CacheFolder;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or InvalidDataException or TimeoutException)
        {
            throw new SampleException($"Fashion-MNIST is not on this machine and could not be downloaded: {e.Message} {WhatToDo(CacheFolder)}", e);
        }
    }

    private static List<FashionMnistFile> Missing(string folder) => [.. FashionMnistFile.All.Where(file => !file.IsIn(folder))];

    private static string WhatToDo(string folder) =>
        $"Put {string.Join(", ", FashionMnistFile.All.Select(file => file.ZippedName))} from {FashionMnistFile.Address} into '{folder}', " +
        "name another folder with --data, or on Debian: apt-get install dataset-fashion-mnist";

    private static string DefaultCache()
    {
        var user = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return Path.Combine(user.Length > 0 ? user : Path.GetTempPath(), "px-pruning", "fashion-mnist");
    }
}
