namespace Px.Pruning.Models.Data.Downloads;

/// <summary>A published file: its address, its checksum and its length.</summary>
public sealed record DatasetFile
{
    /// <summary>Where it is published: http or https, and the last part is a plain file name.</summary>
    /// <exception cref="ArgumentException">It is not; a name such as <c>..%2Fevil</c> would leave the cache.</exception>
    public required Uri Address
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Address));
            if (!value.IsAbsoluteUri || (value.Scheme != Uri.UriSchemeHttp && value.Scheme != Uri.UriSchemeHttps))
                throw new ArgumentException($"'{value}' is not an http or https address.", nameof(Address));
            PlainName.Check(NameIn(value), nameof(Address));
            field = value;
        }
    }

    /// <summary>Its MD5 sum (32 hexadecimal digits) or SHA-256 sum (64).</summary>
    public required string Checksum { get; init; }

    /// <summary>Its length in bytes, 0 or more: an answer of another length is refused before it is received, a longer one in any case.
    /// Null, the default, if it is not known: then <see cref="DatasetDownloadOptions.MaximumLength"/> is the bound.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public long? Length
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value ?? 0, nameof(Length));
            field = value;
        }
    }

    /// <summary>Its name: the last part of <see cref="Address"/>.</summary>
    public string Name => NameIn(Address);

    private static string NameIn(Uri address) => Uri.UnescapeDataString(address.Segments[^1]);
}
