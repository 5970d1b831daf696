using System.Security.Cryptography;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Sums of bytes, as data sets' pages print them.</summary>
internal static class Checksums
{
    public static string Md5(byte[] bytes) => Of(HashAlgorithmName.MD5, bytes);

    public static string Sha256(byte[] bytes) => Of(HashAlgorithmName.SHA256, bytes);

    private static string Of(HashAlgorithmName algorithm, byte[] bytes)
    {
        using var hash = IncrementalHash.CreateHash(algorithm);
        hash.AppendData(bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
