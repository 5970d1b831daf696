using System.IO.Compression;
using System.Text;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>Archives that are broken in a way that a seed decides.</summary>
internal sealed class ArchiveAttacks(int seed)
{
    private static readonly string[] Names =
    [
        "inner/a", "inner/a", "inner/b", "inner/deep/c", "inner/a/b", "inner", "inner/", "", "/", ".", "..", "../evil", "inner/../../evil", "/tmp/px-evil",
        "C:\\evil", "..\\evil", "inner/nul\0letter", "inner/\u001b[2J", "inner/" + new string('n', 300), "inner/" + string.Concat(Enumerable.Repeat("f/", 30)) + "end",
    ];

    private static readonly string[] Numbers = ["0", "5", "-1", "99999999999", "9223372036854775807", "9223372036854775808", "99999999999999999999999", "x", ""];

    private static readonly string[] Keys =
    [
        "path", "size", "linkpath", "mtime", "GNU.sparse.map", "GNU.sparse.major", "GNU.sparse.realsize", "GNU.sparse.name", "uid", "hdrcharset", "",
    ];

    private readonly Random random = new(seed);

    /// <summary>The ending of its name, and its bytes.</summary>
    public (string Ending, byte[] Bytes) Next() => random.Next(3) switch
    {
        0 => (".zip", Damaged(Zip())),
        1 => (".tar", Damaged(Tar())),
        _ => (".tar.gz", random.Next(4) == 0 ? Damaged(TarBytes.Zipped(Tar())) : TarBytes.Zipped(Damaged(Tar()))),
    };

    private byte[] Tar() => TarBytes.Archive([.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => TarEntry())]);

    private byte[] TarEntry()
    {
        var content = new byte[random.Next(3) == 0 ? random.Next(2000) : random.Next(20)];
        switch (random.Next(6))
        {
            case 0:
                var attributes = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (Pick(Keys), random.Next(2) == 0 ? Pick(Numbers) : Pick(Names))).ToArray();
                return [.. TarBytes.Attributes(attributes), .. TarBytes.Entry("inner/x", '0', content)];
            case 1:
                return [.. TarBytes.Entry("././@LongLink", Pick("LK"), Encoding.UTF8.GetBytes(Pick(Names))), .. TarBytes.Entry("inner/x", '0', content)];
            case 2:
                return TarBytes.Entry(Pick(Names), Pick("xgLK0\0S5"), content, Size());
            case 3:
                return TarBytes.Entry(Pick(Names), (char)random.Next(256), content);
            default:
                return TarBytes.Entry(random.Next(2) == 0 ? "inner/" + random.Next(9) : Pick(Names), '0', content);
        }
    }

    private byte[] Size()
    {
        var size = Pick([0L, 5, 512, 70_000, 1 << 30, int.MaxValue, 8_589_934_591, long.MaxValue, -1, -512]);
        var field = random.Next(2) == 0 && size is >= 0 and <= 8_589_934_591 ? TarBytes.Octal(size) : TarBytes.Base256(size);
        if (random.Next(4) == 0)
            field[random.Next(field.Length)] = (byte)random.Next(256);
        return field;
    }

    private byte[] Zip()
    {
        using var target = new MemoryStream();
        using (var zip = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var i = random.Next(1, 5); i > 0; i--)
            {
                using var entry = zip.CreateEntry(random.Next(2) == 0 ? "inner/" + random.Next(9) : Pick(Names) is { Length: > 0 } name ? name : "inner/z").Open();
                entry.Write(new byte[random.Next(2000)]);
            }
        }

        return target.ToArray();
    }

    private byte[] Damaged(byte[] bytes)
    {
        switch (random.Next(4))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                for (var i = random.Next(1, 8); i > 0; i--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            case 2:
                // A field of a header, mostly, with a checksum that is right.
                bytes[random.Next(Math.Min(512, bytes.Length))] = (byte)random.Next(256);
                if (bytes.Length >= 512 && bytes[0] != 'P')
                    TarBytes.Seal(bytes);
                return bytes;
            default:
                return bytes;
        }
    }

    private T Pick<T>(T[] values) => values[random.Next(values.Length)];

    private char Pick(string letters) => letters[random.Next(letters.Length)];
}
