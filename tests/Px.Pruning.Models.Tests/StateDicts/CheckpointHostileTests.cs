using System.Buffers.Binary;
using System.IO.Compression;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.StateDicts.Pickle;
using Px.Pruning.Models.StateDicts.Zip;
using Px.Pruning.Models.Tests.Support;
using static Px.Pruning.Models.Tests.Support.CheckpointBytes;

namespace Px.Pruning.Models.Tests.StateDicts;

/// <summary>Files that mean harm: each is refused for its reason, within the memory that its length allows.</summary>
public sealed class CheckpointHostileTests
{
    private static readonly byte[] SixFloats = new byte[24];

    [Theory]
    [InlineData(@"cos\nsystem\n(S'touch hacked'\ntR.", "os.system")]
    [InlineData(@"cposix\nsystem\n.", "posix.system")] // naming it is enough
    [InlineData(@"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", "builtins.eval")]
    [InlineData(@"(S'1'\ni__builtin__\neval\n.", "__builtin__.eval")]
    [InlineData(@"(c__builtin__\nexec\nS'1'\no.", "__builtin__.exec")]
    [InlineData(@"\x80\x02csubprocess\nPopen\n)\x81.", "subprocess.Popen")]
    [InlineData(@"cbuiltins\ngetattr\n.", "builtins.getattr")]
    [InlineData(@"ctorch.storage\n_load_from_bytes\n.", "torch.storage._load_from_bytes")]
    [InlineData(@"ctorch\nload\n.", "torch.load")]
    [InlineData(@"ctorch.hub\nFloatStorage\n.", "torch.hub.FloatStorage")]
    [InlineData(@"ccollections\nOrderedDict.popitem\n.", "collections.OrderedDict.popitem")]
    [InlineData(@"cnumpy.core.multiarray\nscalar\n.", "numpy.core.multiarray.scalar")]
    public void Load_AnyOtherClassOrFunction_IsRefusedByName(string pickle, string name)
    {
        foreach (var file in (byte[][])[Archive(Pickled(pickle)).ToArray(), [.. LegacyStart, .. Pickled(pickle)]])
            MeasuredLoad.Run(file).Should().ContainAll($"'{name}'", "nothing was run");
    }

    [Theory]
    [InlineData(@"S'text'\n)R.", "calls something that is no function")]
    [InlineData(@"ctorch\nFloatStorage\n)R.", "calls something that is no function")]
    [InlineData(@"ctorch._utils\n_rebuild_tensor_v2\nNR.", "no tuple")]
    [InlineData(@"ctorch._utils\n_rebuild_tensor_v2\n)R.", "arguments that it does not take")]
    [InlineData(@"ccollections\nOrderedDict\nK\x01\x85R.", "arguments that it does not take")]
    [InlineData(@"ccollections\nOrderedDict\n]Na\x85R.", "arguments that it does not take")]
    [InlineData(@"c_codecs\nencode\nX\x02\x00\x00\x00\xc4\x80X\x06\x00\x00\x00latin1\x86R.", "arguments that it does not take")]
    [InlineData(@"c__builtin__\nset\n)R.", "arguments that it does not take")]
    [InlineData(@"ctorch\nSize\nK\x01\x85R.", "arguments that it does not take")]
    [InlineData(@"K\x01Q.", "outside itself")]
    [InlineData(@"(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI-1\ntQ.", "outside itself")]
    [InlineData(@"(S'module'\nNNNtQ.", "outside itself")]
    [InlineData(@"K\x01}b.", "sets attributes")]
    [InlineData(@"}K\x01b.", "sets attributes")]
    [InlineData(@"K\x01K\x02a.", "no list")]
    [InlineData(@"]K\x01K\x02s.", "no dictionary")]
    [InlineData(@"}(K\x01u.", "without a value")]
    [InlineData(@".", "more from its stack")]
    [InlineData(@"0.", "more from its stack")]
    [InlineData(@"K\x01(\x85.", "more from its stack")] // what lies below a mark is not to be had
    [InlineData(@"t.", "a mark that it has not set")]
    [InlineData(@"h\x00.", "recalls number 0")]
    [InlineData(@"g-1\n.", "recalls number -1")]
    [InlineData(@"Nr\xff\xff\xff\x7f.", "as number 2147483647")]
    [InlineData(@"Np99999999999999999999\n.", "as number -1")]
    [InlineData(@"X\xff\xff\xff\x7fabc.", "claims 2147483647 bytes")]
    [InlineData(@"\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.", "claims 18446744073709551615 bytes")]
    [InlineData(@"\x8e\x00\x00\x00\x00\x01\x00\x00\x00abc.", "claims 4294967296 bytes")]
    [InlineData(@"T\xff\xff\xff\xffabc.", "length of -1")]
    [InlineData(@"\x8b\xff\xff\xff\x7f.", "length of 2147483647")]
    [InlineData(@"X\x01\x00\x00\x00\xff.", "not Unicode")]
    [InlineData(@"Ione\n.", "whole number")]
    [InlineData(@"Fone\n.", "a number")]
    [InlineData(@"Sopen\n.", "without quotes")]
    [InlineData(@"S'\q'\n.", "an escape")]
    [InlineData(@"\x80\x06N.", "protocol 6")]
    [InlineData(@"\x82\x01.", "Ext1")]
    [InlineData(@"Pid\n.", "PersId")]
    [InlineData(@"\x97.", "NextBuffer")]
    [InlineData(@"\xff.", "FF where an instruction")]
    [InlineData(@"N", "truncated")]
    [InlineData(@"N.", "no dictionary")]
    [InlineData(@"]q\x00h\x00a.", "no dictionary")] // a list that contains itself
    [InlineData(@"}q\x00X\x05\x00\x00\x00modelh\x00s.", "tensors neither")] // a dictionary that does
    public void Load_APickleThatIsNone_IsRefusedForTheRightReason(string pickle, string reason)
    {
        foreach (var file in (byte[][])[Archive(Pickled(pickle)).ToArray(), [.. LegacyStart, .. Pickled(pickle), .. "]."u8]])
            MeasuredLoad.Run(file).Should().Contain(reason);
    }

    public static TheoryData<long, long[], long[], long, string?> Geometries => new()
    {
        { 0, [2, 3], [3, 1], 6, null },
        { 0, [3, 2], [1, 3], 6, null },
        { 5, [], [], 6, null },
        { 0, [2, 3], [0, 1], 3, null },
        { 6, [0], [1], 6, null },
        { 0, [1, 6], [long.MaxValue, 1], 6, null }, // never stepped
        { 0, [0, 3], [long.MaxValue, long.MaxValue], 6, null },
        { 1, [2, 3], [3, 1], 6, "does not fit" },
        { 6, [], [], 6, "does not fit" },
        { -1, [1], [1], 6, "does not fit" },
        { long.MaxValue, [1], [1], 6, "does not fit" },
        { 7, [0], [1], 6, "does not fit" },
        { 0, [7], [1], 6, "does not fit" },
        { 0, [2], [6], 6, "does not fit" },
        { 0, [-1], [1], 6, "does not fit" },
        { 3, [2], [-1], 6, "does not fit" },
        { 0, [2, 3], [1], 6, "does not fit" },
        { 0, [long.MaxValue, 2], [0, 0], 6, "does not fit" }, // 2⁶⁴ − 2 elements
        { 0, [1L << 32, 1L << 32], [0, 0], 6, "does not fit" }, // 2⁶⁴ = 0
        { 0, [1L << 32, 1L << 32, 0], [1, 1, 1], 6, "does not fit" },
        { 0, [3, 3], [1L << 62, 1L << 62], 6, "does not fit" }, // 2⁶⁴ = 0
        { 0, [1L << 40], [0], 6, "MaximumExpansion" }, // 4 TB from 24 bytes
        { 0, [long.MaxValue], [0], 6, "MaximumExpansion" },
    };

    [Theory]
    [MemberData(nameof(Geometries))]
    public void Load_SizesAndStrides_StayInsideTheirStorage(long offset, long[] size, long[] stride, long count, string? reason)
    {
        var message = MeasuredLoad.Run(Archive(OneTensor("x", offset, size, stride, count), new byte[4 * count]).ToArray());
        if (reason is null)
            message.Should().BeNull();
        else
            message.Should().Contain(reason);
    }

    [Fact]
    public void Load_MoreThan64Dimensions_IsRefused()
    {
        var ones = Enumerable.Repeat(1L, 65).ToArray();
        MeasuredLoad.Run(Archive(OneTensor(size: ones, stride: ones), SixFloats).ToArray()).Should().Contain("does not fit");
        MeasuredLoad.Run(Archive(OneTensor(size: ones[1..], stride: ones[1..]), SixFloats).ToArray()).Should().BeNull();
    }

    [Fact]
    public void Load_AStorageThatIsNotThereOrOfAnotherLength_IsRefused()
    {
        MeasuredLoad.Run(Archive(OneTensor()).ToArray()).Should().Contain("no file 'archive/data/0'");
        MeasuredLoad.Run(Archive(OneTensor(), new byte[23]).ToArray()).Should().Contain("23 bytes where 6 elements");
        MeasuredLoad.Run(Archive(OneTensor(count: 1L << 40), SixFloats).ToArray()).Should().Contain("24 bytes where 1099511627776 elements");
        MeasuredLoad.Run(Archive(OneTensor(count: long.MaxValue, size: [1]), SixFloats).ToArray()).Should().Contain("24 bytes where 9223372036854775807 elements");
    }

    [Fact]
    public void Load_AKeyThatIsAPath_FindsNothing()
    {
        var pickle = new PickleWriter();
        pickle.Call("collections", "OrderedDict", () => { });
        pickle.Entries(() =>
        {
            pickle.Text("x");
            Tensor(pickle, "../../../../etc/passwd", 0, [6], [1], 6);
        });
        MeasuredLoad.Run(Archive(pickle.Finish(), SixFloats).ToArray()).Should().Contain("no file 'archive/data/../../../../etc/passwd'");
    }

    [Fact]
    public void Load_ABoolThatIsNeither_IsRefused() =>
        MeasuredLoad.Run(Archive(OneTensor(count: 2, storage: "BoolStorage"), [1, 2]).ToArray()).Should().Contain("other than 0 and 1");

    [Fact]
    public void Load_ADamagedStorage_IsRefusedByItsChecksum()
    {
        var file = Archive(OneTensor(), [.. "a storage of 24 bytes .."u8]).ToArray();
        file[file.AsSpan().IndexOf("storage of"u8)] ^= 1;
        MeasuredLoad.Run(file).Should().ContainAll("checksum", "archive/data/0");
    }

    [Theory]
    [InlineData(2, "MaximumExpansion")]
    [InlineData(2000, null)]
    public void Load_ADeflateBomb_IsRefusedUnlessAsked(double expansion, string? reason)
    {
        const int count = 5_000_000; // 20 MB of zeros in 20 KB
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("archive/data.pkl", OneTensor(count: count));
            Add("archive/data/0", new byte[4 * count]);

            void Add(string name, byte[] content)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        stream.Length.Should().BeLessThan(100_000);
        MeasuredLoad.Run(stream.ToArray(), new CheckpointOptions { MaximumExpansion = expansion }).Should().Match(message => reason == null ? message == null : message.Contains(reason));
    }

    // One instruction over and over, in 2 MB: what each costs must be paid for.
    [Theory]
    [InlineData(@"]")]
    [InlineData(@"}")]
    [InlineData(@"(")]
    [InlineData(@")")]
    [InlineData(@"N")]
    [InlineData(@"K\x07")]
    [InlineData(@"M\x07\x07")]
    [InlineData(@"J\x07\x07\x07\x07")]
    [InlineData(@"G\x07\x07\x07\x07\x07\x07\x07\x07")]
    [InlineData(@"\x8a\x00")]
    [InlineData(@"\x8a\x0900000000\x07")]
    [InlineData(@"I1\n")]
    [InlineData(@"L1\n")]
    [InlineData(@"F1\n")]
    [InlineData(@"V\n")]
    [InlineData(@"S''\n")]
    [InlineData(@"U\x01a")]
    [InlineData(@"U\x01\xff")]
    [InlineData(@"C\x01a")]
    [InlineData(@"\x8c\x01a")]
    [InlineData(@"]\x85")]
    [InlineData(@"\x94")]
    [InlineData(@"2")]
    [InlineData(@"2\x86")]
    [InlineData(@"2a]")]
    [InlineData(@"q\x00h\x00a")]
    [InlineData(@"NNs")]
    [InlineData(@"}U\x01aNs")]
    [InlineData(@"X\x02\x00\x00\x00ab")]
    [InlineData(@"(NNu")]
    [InlineData(@"(lp0\n")]
    [InlineData(@"(d")]
    [InlineData(@"cbuiltins\nset\n(l\x85R")]
    [InlineData(@"ccollections\nOrderedDict\n)R")]
    [InlineData(@"ccollections\nOrderedDict\n]]NN(NNea\x85R")]
    [InlineData(@"cbuiltins\nbytes\n)R")]
    [InlineData(@"(U\x07storagectorch\nFloatStorage\nU\x010NK\x00tQ")]
    public void Load_OneInstructionOverAndOver_StaysWithinItsMemory(string instruction)
    {
        byte[] bytes = CheckpointBytes.Python(instruction.Replace(@"\n", "\n", StringComparison.Ordinal)), start = [.. "}]"u8];
        byte[] pickle = [.. start, .. Enumerable.Repeat(bytes, 2_000_000 / bytes.Length).SelectMany(value => value), (byte)'.'];
        MeasuredLoad.Run(Archive(pickle).ToArray()).Should().NotBeNull();
        MeasuredLoad.Run([.. LegacyStart, .. pickle]).Should().NotBeNull();
    }

    // Nothing but a directory of 49 bytes a name.
    [Fact]
    public void Load_ADirectoryOverAndOver_StaysWithinItsMemory()
    {
        using var stream = new MemoryStream();
        stream.Write([.. "PK\u0003\u0004"u8]);
        for (var i = 0; i < 40_000; i++)
        {
            var header = new byte[49];
            "PK\u0001\u0002"u8.CopyTo(header);
            header[28] = 3;
            (header[46], header[47], header[48]) = ((byte)(32 + i % 64), (byte)(32 + i / 64 % 64), (byte)(32 + i / 4096));
            stream.Write(header);
        }

        var end = new byte[22];
        "PK\u0005\u0006"u8.CopyTo(end);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), 40_000);
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(12), 40_000 * 49);
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(16), 4);
        stream.Write(end);
        MeasuredLoad.Run(stream.ToArray()).Should().Contain("MaximumExpansion");
        MeasuredLoad.Run(stream.ToArray(), new CheckpointOptions { MaximumExpansion = 100 }).Should().Contain("has none");
    }

    // A text remembered once, then turned into bytes for eleven bytes of file each time.
    [Fact]
    public void Load_ATextMultipliedByCalls_StaysWithinItsMemory()
    {
        byte[] text = [(byte)'X', 0xA0, 0x86, 1, 0, .. Enumerable.Repeat((byte)'a', 100_000), (byte)'q', 0];
        byte[] again = CheckpointBytes.Python("c_codecs\nencode\n(h\\x00U\\x06latin1tR0");
        byte[] pickle = [.. text, .. Enumerable.Repeat(again, 10_000).SelectMany(value => value), (byte)'.'];
        MeasuredLoad.Run(Archive(pickle).ToArray()).Should().Contain("MaximumExpansion");
    }

    [Fact]
    public void Load_AMillionLevels_AreNoDeeperThanOne()
    {
        byte[] pickle = [(byte)']', .. Enumerable.Repeat((byte)0x85, 1_000_000), (byte)'.'];
        MeasuredLoad.Run(Archive(pickle).ToArray()).Should().Contain("MaximumExpansion");
        MeasuredLoad.Run(Archive(pickle).ToArray(), new CheckpointOptions { MaximumExpansion = 1000 }).Should().Contain("no dictionary");
    }

    [Fact]
    public void Load_EveryBeginningOfAFile_IsRefused()
    {
        foreach (var name in (string[])["layouts.pth", "layouts-legacy.pth", "python2.pth", "deflated.pth"])
        {
            var file = File.ReadAllBytes(CheckpointFileTests.Golden(name));
            for (var length = 0; length < file.Length; length++)
                MeasuredLoad.Run(file[..length]).Should().NotBeNull("{0} bytes of {1}", length, name);
        }
    }

    [Theory]
    [InlineData("hello", "neither as a zip archive nor as a pickle")]
    [InlineData("", "neither as a zip archive nor as a pickle")]
    [InlineData(@"PK\x03\x04", "no directory")]
    [InlineData(@"\x80\x02}.", "none of torch.save")]
    public void Load_AnotherKindOfFile_IsToldSo(string content, string reason) =>
        MeasuredLoad.Run(CheckpointBytes.Python(content)).Should().Contain(reason);

    [Fact]
    public void Load_ALegacyStorageOfAnotherLength_IsRefused()
    {
        byte[] pickle = OneTensor(), keys = [.. "](X"u8, 1, 0, 0, 0, (byte)'0', .. "e."u8];
        MeasuredLoad.Run(File(6, 24)).Should().BeNull();
        MeasuredLoad.Run(File(6, 30)).Should().BeNull(); // what follows is another object
        MeasuredLoad.Run(File(6, 23)).Should().Contain("truncated");
        MeasuredLoad.Run(File(5, 24)).Should().Contain("5 elements");
        MeasuredLoad.Run(File(-6, 24)).Should().Contain("-6 elements");
        MeasuredLoad.Run([.. LegacyStart, .. pickle, .. "](X"u8, 1, 0, 0, 0, (byte)'1', .. "e."u8]).Should().Contain("no tensor lies in");
        MeasuredLoad.Run([.. LegacyStart, .. pickle, .. "]."u8]).Should().Contain("lists no storage '0'");

        byte[] File(long count, int length)
        {
            var prefix = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, count);
            return [.. LegacyStart, .. pickle, .. keys, .. prefix, .. new byte[length]];
        }
    }

    [Fact]
    public void Load_BigEndian_IsRefused()
    {
        using var stream = new MemoryStream();
        var zip = new ZipWriter(stream);
        zip.Add("archive/data.pkl", OneTensor());
        zip.Add("archive/byteorder", [.. "big"u8]);
        zip.Add("archive/data/0", SixFloats);
        zip.Finish();
        MeasuredLoad.Run(stream.ToArray()).Should().Contain("byte order is 'big'");
    }

    private static byte[] Pickled(string text) => CheckpointBytes.Python(text.Replace(@"\n", "\n", StringComparison.Ordinal));
}
