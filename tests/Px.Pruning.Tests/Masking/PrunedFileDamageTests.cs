using System.Text;
using System.Text.Json.Nodes;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Networks;
using Px.Tests.Shared;
using Xunit.Abstractions;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>Files of pruned networks that are damaged or hostile: nothing wrong is believed, only documented exceptions are thrown, and then the model is as
/// it was.</summary>
[Trait("Category", "Soak")]
public sealed class PrunedFileDamageTests(ITestOutputHelper log) : LeakCheckedTests
{
    /// <summary>With its checksum a changed file is refused or says the same. Without one, what still parses has as many values as places.</summary>
    [Theory]
    [InlineData(true, 0.04)]
    [InlineData(true, 0.5)]
    [InlineData(false, 0.04)]
    [InlineData(false, 0.5)]
    public void Load_MutatedFile_IsANetworkOrRefused(bool hasChecksum, double density)
    {
        using var original = PrunedNets.Types(1);
        using var mask = PrunedNets.Prune(original, density);
        using var model = PrunedNets.Types(2);
        byte[] whole = PrunedNets.File(original, mask);
        if (!hasChecksum) whole = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(whole).Replace("px-sha256", "px-sha257"));
        var (broken, outcome) = (new BrokenFiles(17), new DocumentedExceptions(typeof(ArgumentException)));
        var (saved, before) = (PrunedNets.State(original), PrunedNets.State(model));
        int count = BrokenFiles.Count / 3;
        for (int i = 0; i < count; i++)
        {
            byte[] file = broken.Mutate(whole);
            bool loaded = false;
            outcome.Try(file, () =>
            {
                using var read = PrunedNets.Load(file, model);
                loaded = true;
                read.Bind(model).Dispose();
            });
            var after = PrunedNets.State(model);
            if (!loaded) after.Should().Equal(before, "a file that is refused changes nothing");
            else if (hasChecksum && file.AsSpan().IndexOf("\"px-sha256\""u8) >= 0) after.Should().Equal(saved);
            before = after;
        }

        log.WriteLine($"soak: pruned networks: {outcome.Read} read, {outcome.Refused} refused, 0 other exceptions");
        outcome.Refused.Should().BeGreaterThan(count / 4);
        if (!hasChecksum) outcome.Read.Should().BeGreaterThan(count / 200, "numbers change, and the file is sound");
    }

    [Fact]
    public void Load_HostileHeaders_AreRefused()
    {
        using var model = PrunedNets.Masked(1);
        var before = ModelState.Of(model);
        var (broken, outcome) = (new BrokenFiles(18), new DocumentedExceptions(typeof(ArgumentException)));
        for (int i = 0; i < BrokenFiles.Count; i++)
        {
            byte[] file = broken.Safetensors();
            outcome.Try(file, () => PrunedNets.Load(file, model).Dispose());
        }

        outcome.Read.Should().Be(0);
        ModelState.Of(model).ShouldEqual(before);
    }

    /// <summary>One lie at a time, in a file without a checksum: of the 8 weights of "w", [2, 4], the second and the last are kept.</summary>
    [Theory]
    [InlineData("""{"w/bits":[255]}""", "marks 8 weights as kept, and there are values of shape [2]")]
    [InlineData("""{"w/bits":[64]}""", "marks 1 weights as kept")]
    [InlineData("""{"w/bits":[65,0]}""", "has 2 bytes of bits for 8 weights")]
    [InlineData("""{"w/bits":[]}""", "marks 0 weights as kept")]
    [InlineData("""{"w/bits":null}""", "'w/gaps' is missing")]
    [InlineData("""{"w/bits":null,"w/gaps":[1,6]}""", "marks more than its 8 weights")]
    [InlineData("""{"w/bits":null,"w/gaps":[1,255,5]}""", "marks more than its 8 weights")]
    [InlineData("""{"w/bits":null,"w/gaps":[1,5,255]}""", "marks more than its 8 weights")]
    [InlineData("""{"w/bits":null,"w/gaps":[1,5,0]}""", "marks 3 weights as kept")]
    [InlineData("""{"w/gaps":[1,5]}""", "The model lacks: 'w/gaps'")]
    [InlineData("""{"w/shape":null}""", "'w/shape' is missing")]
    [InlineData("""{"w/shape":[8]}""", "'w' (file Float32 [8], model Float32 [2, 4])")]
    [InlineData("""{"w/shape":[4,2]}""", "'w' (file Float32 [4, 2], model Float32 [2, 4])")]
    [InlineData("""{"w/shape":[-2,-4]}""", "'w' (file Float32 [-2, -4], model Float32 [2, 4])")]
    [InlineData("""{"w/shape":[4611686018427387904,4611686018427387904]}""", "model Float32 [2, 4])")]
    [InlineData("""{"w/values":null}""", "holds no pruned parameter")]
    [InlineData("""{"w":[1,2]}""", "The model lacks: 'w'")]
    [InlineData("""{"b":null}""", "The file lacks: 'b' [9]")]
    [InlineData("""{"b/values":[1]}""", "'b/shape' is missing")]
    [InlineData("""{"b":null,"b/values":[1],"b/shape":[9],"b/bits":[0,64]}""", "'b' marks more than its 9 weights")]
    [InlineData("""{"count":null,"count/values":[3],"count/shape":[],"count/bits":[128]}""", "The file lacks: 'count' []")]
    [InlineData("""{"other":[1]}""", "The model lacks: 'other'")]
    public void Load_OneLie_IsRefusedByName(string lie, string message)
    {
        var changes = JsonNode.Parse(lie)!.AsObject();
        using var model = new Small();
        var before = ModelState.Of(model);

        FluentActions.Invoking(() => PrunedNets.Load(Write(changes), model)).Should().Throw<Exception>()
            .Where(e => e is InvalidDataException || e is ArgumentException).And.Message.Should().Contain(message);
        ModelState.Of(model).ShouldEqual(before);
    }

    [Fact]
    public void Load_TheTruth_IsRead()
    {
        using var model = new Small();

        using (var mask = PrunedNets.Load(Write([]), model)) mask["w"].bytes.ToArray().Should().Equal(0, 1, 0, 0, 0, 0, 0, 1);
        model.get_parameter("w")!.data<float>().ToArray().Should().Equal(0, 5, 0, 0, 0, 0, 0, 6);
        using (PrunedNets.Load(Write(JsonNode.Parse("""{"w/bits":null,"w/gaps":[1,5]}""")!.AsObject()), model))
            model.get_parameter("w")!.data<float>().ToArray().Should().Equal(0, 5, 0, 0, 0, 0, 0, 6);
    }

    [Theory]
    [InlineData("""{"px-pruned":"2"}""", "*version '2'*")]
    [InlineData("""{"method":"PX"}""", "*not the file of a pruned network*PruningMask.Load reads masks*")]
    public void Load_AnotherKindOfFile_SaysWhichItIs(string metadata, string message)
    {
        using var model = new Small();

        FluentActions.Invoking(() => PrunedNets.Load(Write([], metadata), model)).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void Fit_HostileShapes_IsRefused()
    {
        using var model = new Small();
        string path = Path.GetTempFileName();
        foreach (string shape in new[] { "[-1]", "[4611686018427387904,4611686018427387904]" })
        {
            File.WriteAllBytes(path, Write(JsonNode.Parse($$"""{"w/shape":{{shape}}}""")!.AsObject()));
            FluentActions.Invoking(() => PrunedFile.Fit(path, model)).Should().Throw<InvalidDataException>().WithMessage("*is not the shape of a tensor*");
        }

        File.Delete(path);
    }

    [Fact]
    public void Load_EveryBitOfTheDataFlipped_IsRefused()
    {
        using var model = new Small();
        using var mask = new PruningMask([KeyValuePair.Create("w", tensor(new[] { 0, 1, 0, 0, 0, 0, 0, 1 }).reshape(2, 4))]);
        mask.Bind(model).Dispose();
        byte[] whole = PrunedNets.File(model, mask);
        int data = 8 + (int)BitConverter.ToInt64(whole);
        for (int bit = 8 * data; bit < 8 * whole.Length; bit++)
        {
            byte[] flipped = [.. whole];
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            FluentActions.Invoking(() => PrunedNets.Load(flipped, model)).Should().Throw<InvalidDataException>();
        }
    }

    /// <summary>A folder in the file's place, what is not there, what lies below a file, and a pipe, which has no length.</summary>
    [Fact]
    public void Load_WhatCannotBeOpened_IsAnIOException()
    {
        var folder = Directory.CreateTempSubdirectory();
        string file = Path.Combine(folder.FullName, "file"), pipe = Path.Combine(folder.FullName, "pipe");
        File.WriteAllText(file, "");
        using var model = new Small();
        foreach (string path in new[] { folder.FullName, Path.Combine(folder.FullName, "missing"), Path.Combine(file, "below") })
        {
            FluentActions.Invoking(() => PrunedFile.Load(path, model)).Should().Throw<IOException>(path);
            FluentActions.Invoking(() => PrunedFile.Fit(path, model)).Should().Throw<IOException>(path);
        }

        if (!OperatingSystem.IsWindows())
        {
            using (var make = System.Diagnostics.Process.Start("mkfifo", [pipe])) make.WaitForExit();
            // A pipe opens once it has a writer.
            var writer = new Thread(() => new FileStream(pipe, FileMode.Open, FileAccess.Write).Dispose());
            writer.Start();
            FluentActions.Invoking(() => PrunedFile.Load(pipe, model)).Should().Throw<IOException>().WithMessage("*pipe*");
            writer.Join();
        }

        folder.Delete(recursive: true);
    }

    /// <summary>A file for <see cref="Small"/>, some of whose tensors are other numbers, absent (null) or added.</summary>
    private static byte[] Write(JsonObject changes, string metadata = """{"px-pruned":"1"}""")
    {
        var content = JsonNode.Parse("""{"w/values":[5,6],"w/shape":[2,4],"w/bits":[65],"b":[1,2,3,4,5,6,7,8,9],"count":3}""")!.AsObject();
        foreach (var (name, numbers) in changes) content[name] = numbers?.DeepClone();
        var (header, data) = (new JsonObject { ["__metadata__"] = JsonNode.Parse(metadata) }, new List<byte>());
        foreach (var (name, numbers) in content)
        {
            if (numbers is null) continue;
            int begin = data.Count;
            string type = name.EndsWith("/shape", StringComparison.Ordinal) || name is "count" or "count/values" ? "I64"
                : name.EndsWith("/bits", StringComparison.Ordinal) || name.EndsWith("/gaps", StringComparison.Ordinal) ? "U8" : "F32";
            IEnumerable<JsonNode?> all = numbers is JsonArray array ? array : new[] { numbers };
            foreach (var number in all)
                data.AddRange(type == "I64" ? BitConverter.GetBytes((long)number!) : type == "U8" ? [(byte)number!] : BitConverter.GetBytes((float)number!));
            header[name] = new JsonObject
            {
                ["dtype"] = type, ["shape"] = numbers is JsonArray list ? [list.Count] : new JsonArray(), ["data_offsets"] = new JsonArray(begin, data.Count),
            };
        }

        return MaskFileDamageTests.Bytes(header.ToJsonString(), [.. data]);
    }

    private sealed class Small : Module<Tensor, Tensor>
    {
        internal Small() : base(nameof(Small))
        {
            register_parameter("w", Parameter(ones(2, 4)));
            register_parameter("b", Parameter(ones(9)));
            register_buffer("count", tensor(1L));
        }

        public override Tensor forward(Tensor input) => input;
    }
}
