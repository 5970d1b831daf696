using System.Security.Cryptography;

namespace Px.Pruning.Models.Data.Downloads;

// MD5 or SHA-256 of a file, told apart by the length of the expected sum. MD5 is what most authors published.
internal static class FileChecksum
{
    internal static async Task<bool> MatchesAsync(string path, string expected, CancellationToken token)
    {
        using var hash = IncrementalHash.CreateHash(expected.Length == 32 ? HashAlgorithmName.MD5 : HashAlgorithmName.SHA256);
        using var stream = File.OpenRead(path);
        var buffer = new byte[1 << 16];
        for (int count; (count = await stream.ReadAsync(buffer, token).ConfigureAwait(false)) > 0;)
            hash.AppendData(buffer, 0, count);
        return Convert.ToHexString(hash.GetHashAndReset()).Equals(expected, StringComparison.OrdinalIgnoreCase);
    }
}
