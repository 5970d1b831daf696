namespace Px.Pruning.Models.Data.Downloads;

/// <summary>Where and how <see cref="DatasetDownload"/> keeps data sets.</summary>
public sealed record DatasetDownloadOptions
{
    /// <summary>The environment variable that names the cache.</summary>
    public const string CacheVariable = "PX_DATA";

    /// <summary>
    /// The cache: a folder for every data set in it, created when needed. By default what the environment variable
    /// <see cref="CacheVariable"/> names, or <c>Px.Pruning</c> in the user's folder for local application data.
    /// </summary>
    public string Cache { get; init; } = DefaultCache();

    /// <summary>How often a download that breaks off is taken up again where it stopped, before it fails: 0 or more. 3 by
    /// default.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>How long a server may stay silent, or be slower than <see cref="MinimumRate"/>, in the middle of a file before that counts
    /// as broken off; above 0, 24 days at most. One minute by default.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The slowest rate that is waited for, in bytes a second, as the mean over <see cref="Patience"/>: by default 1024, so that
    /// within each minute of waiting 60 KiB have to come. 0 or more; with 0 a byte each <see cref="Patience"/> is enough.</summary>
    public int MinimumRate { get; init; } = 1024;

    /// <summary>The most bytes that are received of a file whose <see cref="DatasetFile.Length"/> is not known; above 0. 4 GiB by
    /// default.</summary>
    public long MaximumLength { get; init; } = 4L << 30;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Cache);
        ArgumentOutOfRangeException.ThrowIfNegative(Retries);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Patience, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Patience, TimeSpan.FromMilliseconds(int.MaxValue));
        ArgumentOutOfRangeException.ThrowIfNegative(MinimumRate);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaximumLength);
    }

    private static string DefaultCache()
    {
        if (Environment.GetEnvironmentVariable(CacheVariable) is { Length: > 0 } given)
            return given;
        var user = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return Path.Combine(user.Length > 0 ? user : Path.GetTempPath(), "Px.Pruning");
    }
}
