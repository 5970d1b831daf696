using System.Text.RegularExpressions;
using Px.Pruning.Masking;
using Px.Pruning.Models;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Conventions;
using Px.Pruning.Tests.Data;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Ranking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>Files of pruned networks: what is saved is loaded, bit for bit, by this library and by the Python of docs/files.md; and how small they are.</summary>
public sealed class PrunedFileTests : LeakCheckedTests
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    [Theory]
    [InlineData(0)]
    [InlineData(0.02)]
    [InlineData(0.12)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Load_SavedNetwork_HasItsNumbersBuffersAndMask(double density)
    {
        foreach (var (saved, fresh) in new (Module, Module)[] { (PrunedNets.Types(1), PrunedNets.Types(2)), (PrunedNets.Masked(1), PrunedNets.Masked(2)) })
        {
            var metadata = new Dictionary<string, string> { ["method"] = "PX", ["note"] = "\"quoted\" — ünïcode" };
            using var mask = PrunedNets.Prune(saved, density, metadata);
            string path = Path.Combine(folder.FullName, "pruned.safetensors");
            var handles = fresh.named_parameters().Select(p => p.parameter.Handle).ToList();

            PrunedFile.Save(path, saved, mask);
            using var loaded = PrunedFile.Load(path, fresh);

            PrunedNets.State(fresh).Should().Equal(PrunedNets.State(saved));
            fresh.named_parameters().Select(p => p.parameter.Handle).Should().Equal(handles, "the model keeps its own parameters");
            loaded.Names.Should().Equal(mask.Names);
            loaded.Metadata.Should().Equal(metadata);
            foreach (string name in mask.Names)
            {
                loaded[name].shape.Should().Equal(mask[name].shape);
                loaded[name].bytes.ToArray().Should().Equal(mask[name].bytes.ToArray());
            }

            loaded.Bind(fresh).Dispose();
            PrunedNets.State(fresh).Should().Equal(PrunedNets.State(saved));
            saved.Dispose();
            fresh.Dispose();
        }

        folder.Delete(recursive: true);
    }

    /// <summary>The lines of docs/files.md, as they stand there.</summary>
    [PythonFact]
    public void Load_PythonOfTheDocumentation_ReadsTheSameNetwork()
    {
        string page = File.ReadAllText(Path.Combine(Libraries.RepositoryRoot(), "docs", "files.md"));
        string lines = Regex.Match(page, "```python\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        lines.Split('\n').Length.Should().BeInRange(20, 35);
        string script = Path.Combine(folder.FullName, "read.py"), path = Path.Combine(folder.FullName, "pruned.safetensors");
        File.WriteAllText(script, lines + """

            import hashlib, sys
            for name, (dtype, shape, data) in load_pruned(sys.argv[1]).items():
                print(name, dtype, shape, hashlib.sha256(data).hexdigest().upper())

            """);
        foreach (double density in new[] { 0, 0.03, 0.6 })
        {
            using var model = PrunedNets.Types(3);
            using var mask = PrunedNets.Prune(model, density);
            PrunedFile.Save(path, model, mask);

            var read = PythonFactAttribute.Run("python3", script, path).Split('\n', StringSplitOptions.RemoveEmptyEntries);

            Dictionary<ScalarType, string> types = new()
            {
                [float64] = "F64", [float32] = "F32", [float16] = "F16", [bfloat16] = "BF16", [int64] = "I64", [ScalarType.Bool] = "BOOL", [ScalarType.Byte] = "U8",
            };
            read.Should().BeEquivalentTo(
                model.state_dict().Select(p => $"{p.Key} {types[p.Value.dtype]} [{string.Join(", ", p.Value.shape)}] {PrunedNets.Hash(p.Value)}"));
        }

        folder.Delete(recursive: true);
    }

    /// <summary>Five bytes a kept weight, and what is dense: batch norms and the header.</summary>
    [Fact]
    public void Save_ResNetAt98Percent_TakesAtMostSixPercentOfTheDenseFile()
    {
        using var model = CifarResNet.Create(new() { Depth = 20, Classes = 10, Seed = 1 });
        using var dense = new MemoryStream();
        SafetensorsFile.Save(dense, model.state_dict());
        using var result = new RandomPruner().Prune(model, sparsity: 0.98, new PruningOptions { Seed = 1 });

        double fraction = (double)PrunedNets.File(model, result.Mask).Length / dense.Length;

        fraction.Should().BeInRange(0.03, 0.06);
    }

    [Fact]
    public void Save_PrunedWeightThatIsNotZero_IsRefusedAndTheOldFileStays()
    {
        using var model = PrunedNets.Masked(1);
        using var mask = MaskedNet.RandomMask(model, 0.5, 5);
        string path = Path.Combine(folder.FullName, "pruned.safetensors");
        File.WriteAllText(path, "the old one");

        FluentActions.Invoking(() => PrunedFile.Save(path, model, mask)).Should().Throw<ArgumentException>()
            .WithMessage("*pruned weights of 'conv.weight' are not zero*Apply()*");

        Directory.GetFiles(folder.FullName).Should().Equal(path);
        File.ReadAllText(path).Should().Be("the old one");
        mask.Bind(model).Dispose();
        using (no_grad()) model.get_parameter("fc.weight")!.masked_fill_(mask["fc.weight"].logical_not(), double.NaN);
        FluentActions.Invoking(() => PrunedFile.Save(path, model, mask)).Should().Throw<ArgumentException>().WithMessage("*'fc.weight'*");
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Save_ThroughALink_ReplacesItsFileAndKeepsTheMode()
    {
        if (OperatingSystem.IsWindows()) return;
        using var model = PrunedNets.Masked(1);
        using var mask = PrunedNets.Prune(model, 0.1);
        string path = Path.Combine(folder.FullName, "pruned.safetensors"), link = Path.Combine(folder.FullName, "link");
        File.WriteAllText(path, "the old one");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(link, path);

        PrunedFile.Save(link, model, mask);

        File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        new FileInfo(link).LinkTarget.Should().Be(path);
        using var loaded = PrunedFile.Load(path, model);
        loaded.Jaccard(mask).Should().Be(1);
        folder.Delete(recursive: true);
    }

    /// <summary>A parameter with two names: stored once, whichever name the mask has for it.</summary>
    [Theory]
    [InlineData("first.weight")]
    [InlineData("second.weight")]
    public void Save_SharedParameter_IsStoredOnce(string name)
    {
        using PrunedNets.Twice model = new(), fresh = new();
        using var mask = new PruningMask([KeyValuePair.Create(name, rand(4, 4).lt(0.5))]);
        mask.Bind(model).Dispose();

        byte[] file = PrunedNets.File(model, mask);
        using var loaded = PrunedNets.Load(file, fresh);

        Regex.Matches(System.Text.Encoding.Latin1.GetString(file), "(first|second).weight[^\"]*").Select(match => match.Value)
            .Should().BeEquivalentTo($"{name}/values", $"{name}/shape", $"{name}/bits");
        PrunedNets.State(fresh).Should().Equal(PrunedNets.State(model));
        loaded.Names.Should().Equal(name);
    }

    /// <summary>A small network that Shrinker made: into a fresh one of its shapes, and into the module's class after Fit.</summary>
    [Fact]
    public void Load_ShrunkNetwork_NeedsFit()
    {
        using var model = Net(1);
        using var result = new RandomPruner().Prune(model, sparsity: 0.97, new PruningOptions { Seed = 3 });
        using var small = Shrinker.Shrink(model, [3, 8, 8], new() { Binding = result.Binding });
        model.get_parameter("conv2.weight")!.numel().Should().BeLessThan(432, "there was something to shrink");
        string path = Path.Combine(folder.FullName, "small.safetensors");
        PrunedFile.Save(path, model, small.Mask!);
        using var fresh = Net(2);
        var before = PrunedNets.State(fresh);

        FluentActions.Invoking(() => PrunedFile.Load(path, fresh)).Should().Throw<ArgumentException>().WithMessage("*'conv2.weight' (file*PrunedFile.Fit*");
        PrunedNets.State(fresh).Should().Equal(before);
        PrunedFile.Fit(path, fresh);
        using var loaded = PrunedFile.Load(path, fresh);

        PrunedNets.State(fresh).Should().Equal(PrunedNets.State(model));
        loaded.Jaccard(small.Mask!).Should().Be(1);
        var x = randn(2, 3, 8, 8);
        model.eval();
        fresh.eval();
        using (no_grad()) (model.call(x) - fresh.call(x)).abs().max().ToDouble().Should().Be(0);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Load_AnotherModel_ListsWhatDiffersAndLeavesIt()
    {
        using var model = PrunedNets.Masked(1);
        using var mask = PrunedNets.Prune(model, 0.5);
        byte[] file = PrunedNets.File(model, mask);
        foreach (var (other, message) in new (Module, string)[]
        {
            (PrunedNets.Types(1), "*The file lacks: 'doubles' [3, 5]*The model lacks*'conv.weight/values'*"),
            (PrunedNets.Masked(2).to(float64), "*'conv.weight' (file Float32 [16, 2, 3, 3], model Float64 [16, 2, 3, 3])*"),
            (Net(1), "*The file lacks: 'conv1.weight'*"),
        })
        {
            var before = ModelState.Of(other);
            FluentActions.Invoking(() => PrunedNets.Load(file, other)).Should().Throw<ArgumentException>().WithMessage(message);
            ModelState.Of(other).ShouldEqual(before);
            other.Dispose();
        }
    }

    [Fact]
    public void Load_ModelOfInferenceMode_IsRefused()
    {
        using var model = PrunedNets.Masked(1);
        using var mask = PrunedNets.Prune(model, 0.5);
        byte[] file = PrunedNets.File(model, mask);
        using var frozen = Frozen();

        FluentActions.Invoking(() => PrunedNets.Load(file, frozen)).Should().Throw<UnsupportedModelException>().WithMessage("*inference_mode*");

        static Module Frozen()
        {
            using (inference_mode()) return PrunedNets.Masked(2);
        }
    }

    [Fact]
    public void Save_NamesOfTheFormat_AreRefused()
    {
        using var model = new Reserved();
        using var mask = new PruningMask([KeyValuePair.Create("w", ones(2, 2))]);
        using var other = new PruningMask([KeyValuePair.Create("v", ones(2, 2))]);

        FluentActions.Invoking(() => PrunedNets.File(model, mask)).Should().Throw<ArgumentException>().WithMessage("*'w/values'*the format's own*");
        FluentActions.Invoking(() => PrunedNets.File(model, other)).Should().Throw<ArgumentException>().WithMessage("*does not fit the model*'v'*");
    }

    [Fact]
    public void Save_MetadataOfHalfASurrogatePair_IsRefused()
    {
        using var model = PrunedNets.Masked(1);
        using var mask = PrunedNets.Prune(model, 0.5, new() { ["x"] = "\ud800" });

        FluentActions.Invoking(() => PrunedNets.File(model, mask)).Should().Throw<ArgumentException>().WithMessage("*not Unicode*");
    }

    /// <summary>Gaps by hand, and any places there and back, around the lengths where a byte is full.</summary>
    [Fact]
    public void Places_AnyMask_AreReadAsWritten()
    {
        KeptPlaces.ShorterGaps(Mask(3000, 0, 2, 302, 557, 813)).Should().Equal(0, 1, 255, 44, 254, 255, 0);
        KeptPlaces.ShorterGaps(Mask(3000)).Should().BeEmpty();
        KeptPlaces.ShorterGaps(Mask(16, 0, 15)).Should().BeNull("two bytes are as many as bits take");
        KeptPlaces.Bits(Mask(10, 0, 3, 9)).Should().Equal(0b1001_0000, 0b0100_0000);
        var random = new Random(4);
        for (int weights = 1; weights < 1100; weights += weights < 40 ? 1 : 53)
        foreach (int one in new[] { 1, 3, 20, 300, 2000 })
        {
            using var scope = NewDisposeScope();
            var mask = Mask(weights, [.. Enumerable.Range(0, weights).Where(_ => random.Next(one) == 0)]);
            Tensor bits = Bytes(KeptPlaces.Bits(mask)), read = zeros(weights, dtype: ScalarType.Bool);
            KeptPlaces.TryReadBits(bits, read).Should().BeTrue();
            read.bytes.ToArray().Should().Equal(mask.bytes.ToArray());
            KeptPlaces.CountBits(bits).Should().Be(mask.Kept());
            if (KeptPlaces.ShorterGaps(mask) is not { } shorter) continue;
            Tensor gaps = Bytes(shorter), readAgain = zeros(weights, dtype: ScalarType.Bool);
            shorter.Length.Should().BeLessThan((int)bits.numel());
            KeptPlaces.TryReadGaps(gaps, readAgain).Should().BeTrue();
            readAgain.bytes.ToArray().Should().Equal(mask.bytes.ToArray());
            KeptPlaces.CountGaps(gaps).Should().Be(mask.Kept());
        }
    }

    private static Tensor Mask(int weights, params int[] kept)
    {
        var mask = zeros(weights, dtype: ScalarType.Bool);
        foreach (int place in kept) mask.bytes[place] = 1;
        return mask;
    }

    private static Tensor Bytes(byte[] bytes) => bytes.Length == 0 ? zeros(0, dtype: ScalarType.Byte) : tensor(bytes);

    private static ConvNet Net(long seed)
    {
        manual_seed(seed);
        return new ConvNet();
    }

    private sealed class Reserved : Module<Tensor, Tensor>
    {
        internal Reserved() : base(nameof(Reserved))
        {
            register_parameter("w", Parameter(ones(2, 2)));
            register_buffer("w/values", ones(2));
        }

        public override Tensor forward(Tensor input) => input;
    }
}
