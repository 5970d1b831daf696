using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.StateDicts.Pickle;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.StateDicts;

/// <summary>Which tensors of a checkpoint are found, under which names. The tensor's one element tells where it was.</summary>
public sealed class CheckpointOptionsTests
{
    private static readonly Dictionary<string, float> Weights = new() { ["weight"] = 1 };

    [Theory]
    [InlineData("state_dict")]
    [InlineData("model")]
    [InlineData("model_state_dict")]
    [InlineData("module")]
    [InlineData("net")]
    public void Key_LeftOut_FindsTheUsualPlaces(string place)
    {
        using var read = Load([("epoch", 7L), (place, Weights), ("other", new Dictionary<string, float> { ["x"] = 2 })]);
        read.Keys.Should().Equal("weight");
        read.Metadata.Should().Equal(new Dictionary<string, string> { ["epoch"] = "7" });
    }

    [Fact]
    public void Key_LeftOut_PrefersThemToTensorsAtTheTopInTheirOrder()
    {
        using var read = Load([("loss", 3f), ("net", new Dictionary<string, float> { ["x"] = 2 }), ("model", Weights)]);
        read["weight"].Floats().Should().Equal(1);
    }

    [Fact]
    public void Key_LeftOut_PassesOverUsualNamesWithoutTensors()
    {
        using var read = Load([("model", "resnet18"), ("net", new Dictionary<string, float>()), ("weight", 4f)]);
        read.Keys.Should().Equal("weight");
        read.Metadata.Should().Equal(new Dictionary<string, string> { ["model"] = "resnet18" });
    }

    [Theory]
    [InlineData("ema", 2)]
    [InlineData("deep/inside", 5)]
    public void Key_Given_IsLookedUp(string key, float expected)
    {
        using var read = Load([("state_dict", Weights), ("ema", new Dictionary<string, float> { ["weight"] = 2 }), ("deep", new Dictionary<string, object> { ["inside"] = new Dictionary<string, float> { ["weight"] = 5 } })], new() { Key = key });
        read["weight"].Floats().Should().Equal(expected);
    }

    [Theory]
    [InlineData("nowhere", "'nowhere' is not there")]
    [InlineData("epoch", "'epoch' is not there, or none")]
    [InlineData("empty", "no tensors under 'empty'")]
    public void Key_ThatHoldsNoTensors_ListsWhatDoes(string key, string reason) =>
        Refused(() => Load([("epoch", 7L), ("empty", new Dictionary<string, float>()), ("ema", Weights)], new() { Key = key })).Should().Contain(reason);

    [Fact]
    public void Key_LeftOutWhereNothingIsFound_ListsTheKeys() =>
        Refused(() => Load([("epoch", 7L), ("ema", Weights)])).Should().ContainAll("'epoch', 'ema'", "those that hold tensors: 'ema'", "CheckpointOptions.Key");

    [Fact]
    public void Prefix_LeftOut_TakesOffModuleWhereAllHaveIt()
    {
        using (var read = Load([("module.a", 1f), ("module.b.c", 2f)]))
            read.Keys.Should().Equal("a", "b.c");
        using (var read = Load([("module.a", 1f), ("n", 2f)]))
            read.Keys.Should().Equal("module.a", "n");
        using (var read = Load([("module.a", 1f)], new() { Prefix = "" }))
            read.Keys.Should().Equal("module.a");
    }

    [Theory]
    [InlineData("_orig_mod.")]
    [InlineData("module._orig_mod.")]
    [InlineData("_orig_mod.module.")]
    [InlineData("_fsdp_wrapped_module._checkpoint_wrapped_module.")]
    public void Prefix_LeftOut_TakesOffWhatWrappersPutBeforeNames(string before)
    {
        using var read = Load([($"{before}a", 1f), ($"{before}b.c", 2f)]);
        read.Keys.Should().Equal("a", "b.c");
    }

    [Fact]
    public void Prefix_LeftOut_TakesOffWhatWrappersPutInsideNames()
    {
        using (var read = Load([("layer1._orig_mod.0.weight", 1f), ("layer2.0._checkpoint_wrapped_module.weight", 2f), ("my_orig_mod.x", 3f)]))
            read.Keys.Should().Equal("layer1.0.weight", "layer2.0.weight", "my_orig_mod.x");
        using (var read = Load([("_orig_mod.a", 1f), ("a", 2f)])) // two names would become one
            read.Keys.Should().Equal("_orig_mod.a", "a");
        using (var read = Load([("_orig_mod.a", 1f)], new() { Prefix = "" }))
            read.Keys.Should().Equal("_orig_mod.a");
    }

    [Fact]
    public void Prefix_LeftOut_OfAnAveragedModel_LeavesOutTheCount()
    {
        using (var read = Load([("n_averaged", 9f), ("module.a", 1f), ("module.b", 2f)]))
            read.Keys.Should().Equal("a", "b");
        using (var read = Load([("n_averaged", 9f), ("module.module.a", 1f)])) // of a parallel one
            read.Keys.Should().Equal("a");
        using (var read = Load([("_orig_mod.n_averaged", 9f), ("_orig_mod.module.a", 1f)]))
            read.Keys.Should().Equal("a");
        using (var read = Load([("n_averaged", 9f), ("a", 1f)])) // somebody's own name
            read.Keys.Should().Equal("n_averaged", "a");
    }

    [Theory]
    [InlineData("module._orig_mod.encoder")]
    [InlineData("module.encoder")] // without what is inserted
    [InlineData("encoder")] // as it would be called without a prefix
    public void Prefix_Given_MayLeaveOutWhatWrappersAdd(string prefix)
    {
        using var read = Load([("module._orig_mod.encoder._orig_mod.a", 1f), ("module._orig_mod.head.a", 2f)], new() { Prefix = prefix });
        read.Keys.Should().Equal("a");
        read["a"].Floats().Should().Equal(1);
    }

    [Theory]
    [InlineData("module.encoder_q")]
    [InlineData("module.encoder_q.")]
    public void Prefix_Given_KeepsAndRenamesWhatBeginsSo(string prefix)
    {
        using var read = Load([("module.encoder_q.conv1.weight", 1f), ("module.encoder_k.conv1.weight", 2f), ("module.queue", 3f), ("module.encoder_q2.conv1.weight", 4f)], new() { Prefix = prefix });
        read.Should().ContainSingle().Which.Key.Should().Be("conv1.weight");
        read["conv1.weight"].Floats().Should().Equal(1);
    }

    [Fact]
    public void Prefix_ThatNoNameHas_ListsTheNames() =>
        Refused(() => Load([("a", 1f), ("b", 2f)], new() { Prefix = "visual" })).Should().ContainAll("'visual.'", "'a', 'b'");

    [Fact]
    public void AllowUnknownObjects_AFileWithArguments_ReadsItsTensors()
    {
        byte[] tensor = CheckpointBytes.OneTensor(count: 1)[2..^1];
        byte[] pickle = [.. "}U\u0003cfg"u8, .. "cmine\nConfig\n)R"u8, .. "sU\u0005model"u8, .. tensor, .. "s."u8];
        StateDict Read(bool allow) => CheckpointFile.Load(CheckpointBytes.Archive(pickle, BitConverter.GetBytes(1f)), new() { AllowUnknownObjects = allow });
        Refused(() => Read(allow: false)).Should().ContainAll("'mine.Config'", "nothing was run", "torch.save(model.state_dict(), path)", "AllowUnknownObjects");
        using var read = Read(allow: true);
        read["x"].Floats().Should().Equal(1);
    }

    [Fact]
    public void Load_AFileWithParsedArguments_ReadsItsTensors()
    {
        using var read = CheckpointFile.Load(CheckpointFileTests.Golden("arguments.pth"));
        read["weight"].Floats().Should().Equal(1, 1);
    }

    [Theory]
    [InlineData("whole-model.pth")]
    [InlineData("whole-model-legacy.pth")]
    [InlineData("sparse.pth")]
    public void AllowUnknownObjects_TensorsInsideThem_CannotBeRead(string name)
    {
        var path = CheckpointFileTests.Golden(name);
        Refused(() => CheckpointFile.Load(path)).Should().Contain(name == "sparse.pth" ? "'torch._utils._rebuild_sparse_tensor'" : "'torch.nn.modules.linear.Linear'");
        Refused(() => CheckpointFile.Load(path, new() { AllowUnknownObjects = true })).Should().Contain(name == "sparse.pth" ? "tensors neither at the top" : "no dictionary");
    }

    [Fact]
    public void Load_ATorchScriptArchive_IsRefusedWithTheWayOut() =>
        Refused(() => CheckpointFile.Load(CheckpointFileTests.Golden("script.pt"), new() { AllowUnknownObjects = true })).Should().ContainAll("TorchScript", "torch.jit.load");

    private static string Refused(Func<StateDict> load) => FluentActions.Invoking(load).Should().Throw<InvalidDataException>().Which.Message;

    /// <summary>Numbers of type float are tensors with that element.</summary>
    private static StateDict Load((string Key, object Value)[] root, CheckpointOptions? options = null)
    {
        var pickle = new PickleWriter();
        var storages = new List<byte[]>();
        Dictionary(root.Select(entry => new KeyValuePair<string, object>(entry.Key, entry.Value)));
        return CheckpointFile.Load(CheckpointBytes.Archive(pickle.Finish(), [.. storages]), options);

        void Dictionary(IEnumerable<KeyValuePair<string, object>> entries)
        {
            pickle.Call("collections", "OrderedDict", () => { });
            pickle.Entries(() =>
            {
                foreach (var (key, value) in entries)
                {
                    pickle.Text(key);
                    Value(value);
                }
            });
        }

        void Value(object value)
        {
            switch (value)
            {
                case long number: pickle.Number(number); break;
                case string text: pickle.Text(text); break;
                case float element:
                    CheckpointBytes.Tensor(pickle, $"{storages.Count}", 0, [1], [1], 1);
                    storages.Add(BitConverter.GetBytes(element));
                    break;
                case Dictionary<string, float> tensors: Dictionary(tensors.Select(pair => new KeyValuePair<string, object>(pair.Key, pair.Value))); break;
                default: Dictionary((Dictionary<string, object>)value); break;
            }
        }
    }
}
