using Px.Pruning.Models.Data.Downloads;
using Px.Pruning.Models.Tests.Support;
using Px.Tests.Shared;
using Xunit.Abstractions;

namespace Px.Pruning.Models.Tests.Data.Downloads;

/// <summary>Archives that somebody made to break their reader. No exception but <see cref="InvalidDataException"/>, no file outside, little memory.</summary>
[Trait("Category", "Soak")]
public sealed class ArchiveHostileTests(ITestOutputHelper log) : IDisposable
{
    // Buffers of the readers, a path of nine hundred folders and each of their paths, the exception.
    private const long Allowance = 16 << 20;

    private const int Gigabyte = 1 << 30;

    private static readonly byte[] File = TarBytes.Entry("inner/a", '0', [1, 2, 3]);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, byte[]> Cases
    {
        get
        {
            var named = TarBytes.Entry("inner/b", '0', [4]);
            return new()
            {
                { "a size of extended attributes beyond 64 bits", [.. TarBytes.Attributes(("size", "99999999999999999999999")), .. named] },
                { "a negative size of extended attributes", [.. TarBytes.Attributes(("size", "-1")), .. named] },
                { "a size that is no number", [.. TarBytes.Attributes(("size", "much")), .. named] },
                { "a size of 63 bits in base 256", TarBytes.Entry("inner/b", '0', [4], TarBytes.Base256(long.MaxValue)) },
                { "a negative size in base 256", TarBytes.Entry("inner/b", '0', [4], TarBytes.Base256(-1)) },
                { "a name with NUL", [.. TarBytes.Attributes(("path", "inner/a\0b")), .. named] },
                { "a sparse file", TarBytes.Entry("inner/b", 'S', [4]) },
                { "a part of a larger archive", TarBytes.Entry("inner/b", 'M', [4]) },
                { "a device", TarBytes.Entry("inner/b", '3') },
                { "a file twice", File },
                { "a file where a folder is", TarBytes.Entry("inner", '0', [4]) },
                { "a folder where a file is", TarBytes.Entry("inner/a/b", '0', [4]) },
                { "a file with the name of a folder", TarBytes.Entry("inner/b/", '0', [4]) },
                { "a name too long for a folder", [.. TarBytes.Attributes(("path", "inner/" + new string('n', 300))), .. named] },
                { "a path too long for any system", [.. TarBytes.Attributes(("path", string.Concat(Enumerable.Repeat("inner/", 900)) + "b")), .. named] },
                { "a path of a thousand folders up", [.. TarBytes.Attributes(("path", string.Concat(Enumerable.Repeat("../", 1000)) + "tmp/px-evil")), .. named] },
                { "no name", TarBytes.Entry(string.Empty, '0', [4]) },
                { "attributes for attributes", [.. TarBytes.Attributes(("path", "inner/c")), .. TarBytes.Attributes(("path", "inner/d")), .. named] },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Unpack_ABrokenTar_IsRefused(string what, byte[] entries) => Refused(TarBytes.Archive(File, entries), what);

    [Theory]
    [InlineData('x', true)]
    [InlineData('x', false)]
    [InlineData('g', true)]
    [InlineData('L', false)]
    [InlineData('K', true)]
    public void Unpack_AHeaderOfAGigabyte_TakesNoMemory(char type, bool octal)
    {
        var header = TarBytes.Entry("much", type, size: octal ? TarBytes.Octal(Gigabyte) : TarBytes.Base256(Gigabyte));
        // The gigabyte need not be there: it is the header that is believed.
        Refused([.. File, .. header, .. new byte[100_000]], "A name or its attributes take 1073741824 bytes");
        header[0]++;
        Refused([.. File, .. header, .. new byte[100_000]], "A header's checksum or size is wrong");
    }

    [Theory]
    [InlineData(0, 0xFF)]
    [InlineData(0, 0x81)]
    [InlineData(1, 7)]
    [InlineData(3, 0xFF)]
    public void Unpack_AHeaderOfAGigabyteWithBytesThatAreIgnored_TakesNoMemory(int at, byte value)
    {
        var size = TarBytes.Base256(Gigabyte);
        size[at] = value;
        Refused([.. File, .. TarBytes.Entry("much", 'L', size: size), .. new byte[100_000]], "A header's checksum or size is wrong");
    }

    /// <summary>TarReader takes the lower 32 bits.</summary>
    [Fact]
    public void Unpack_AHeaderOfMoreThanFourGigabytes_TakesNoMemory()
    {
        var size = TarBytes.Base256(Gigabyte);
        size[7] = 0x8C;
        Refused([.. File, .. TarBytes.Entry("much", 'L', size: size), .. new byte[100_000]], "A name or its attributes take 602369163264 bytes");
    }

    [Fact]
    public void Unpack_ManyHeadersOfAllowedLength_CountTowardsTheBound()
    {
        var attributes = TarBytes.Attributes(("comment", new string('c', 60_000)));
        var entries = Enumerable.Range(0, 20).SelectMany(i => (byte[][])[attributes, TarBytes.Entry($"inner/{i}")]).ToArray();
        Refused(TarBytes.Archive(entries), "more than it should");
        Run(".tar", TarBytes.Archive(entries[..4])).Should().BeNull();
    }

    [Fact]
    public void Unpack_ManyFilesWithoutContent_CountTowardsTheBound() =>
        Refused(TarBytes.Archive([.. Enumerable.Range(0, 101).Select(i => TarBytes.Entry($"inner/{i}"))]), "more than it should", maximum: 100 * 512);

    [Fact]
    public void Unpack_LongNamesOfEachKind_AreRead()
    {
        var deep = "inner/" + string.Concat(Enumerable.Repeat("folder/", 30));
        Run(".tar.gz", TarBytes.Zipped(TarBytes.Archive(
            TarBytes.Attributes(("path", deep + "a")), TarBytes.Entry("short", '0', [1]),
            TarBytes.Entry("././@LongLink", 'L', [.. System.Text.Encoding.UTF8.GetBytes(deep + "b"), 0]), TarBytes.Entry("short", '0', [2])))).Should().BeNull();
        System.IO.File.ReadAllBytes(_folder.Path($"target/{deep}a")).Should().Equal(1);
        System.IO.File.ReadAllBytes(_folder.Path($"target/{deep}b")).Should().Equal(2);
    }

    [Fact]
    public void Unpack_ThousandsOfBrokenArchives_SucceedOrThrowInvalidData()
    {
        var count = SoakSize.Of("PX_SOAK_ARCHIVES", 500);
        var attacks = new ArchiveAttacks(seed: 16);
        var (unpacked, refused) = (0, new HashSet<string>());
        for (var i = 0; i < count; i++)
        {
            var (ending, bytes) = attacks.Next();
            if (Run(ending, bytes) is { } message)
                refused.Add(message[(message.LastIndexOf('\'') + 1)..]);
            else
                unpacked++;
        }

        log.WriteLine($"soak: archives: {unpacked} unpacked, {count - unpacked} refused, 0 other exceptions");
        unpacked.Should().BeGreaterThan(count / 50, "some damage does no harm");
        refused.Should().HaveCountGreaterThan(10, "archives are broken in many ways");
    }

    public void Dispose() => _folder.Dispose();

    private void Refused(byte[] tar, string why, long maximum = 1 << 20)
    {
        var message = Run(".tar", tar, maximum);
        message.Should().NotBeNull(why);
        Run(".tar.gz", TarBytes.Zipped(tar), maximum).Should().NotBeNull(why);
        if (why.StartsWith("A ", StringComparison.Ordinal) || why.StartsWith("more", StringComparison.Ordinal))
            message.Should().Contain(why);
    }

    /// <summary>The message of the refusal; null where it was unpacked.</summary>
    private string? Run(string ending, byte[] bytes, long maximum = 1 << 20)
    {
        var (archive, target, message) = (_folder.Path("some" + ending), _folder.Path("target"), (string?)null);
        System.IO.File.WriteAllBytes(archive, bytes);
        if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        Directory.CreateDirectory(target);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ArchiveUnpacker.Unpack(archive, target, "inner", maximum, CancellationToken.None);
        }
        catch (InvalidDataException e)
        {
            message = e.Message;
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(Allowance, "of {0}", message);
        Directory.GetFileSystemEntries(target).Select(Path.GetFileName).Should().BeEquivalentTo(message is null ? ["inner"] : Array.Empty<string>());
        Directory.GetFileSystemEntries(_folder.Root).Should().OnlyContain(path => Path.GetFileName(path).StartsWith("some") || path == target);
        System.IO.File.Exists("/tmp/px-evil").Should().BeFalse();
        return message;
    }
}
