using System.Text.Json;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using static Px.Pruning.Models.Tests.Support.CheckpointBytes;

namespace Px.Pruning.Models.Tests.StateDicts;

/// <summary>What training scripts leave beside the weights: it blocks nothing, and nothing of it is made.</summary>
public sealed class CheckpointLeftoversTests
{
    private static readonly JsonElement Reference =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", "leftovers.json"))).RootElement.GetProperty("files");

    public static TheoryData<string> GoldenFiles => new(Reference.EnumerateObject().Select(file => file.Name));

    /// <summary>What <c>Reference/leftovers.py</c> wrote: whole checkpoints of trainings, and models inside wrappers.</summary>
    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void LoadCheckpoint_WhatATrainingLeft_GivesTheWeights(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Reference", "leftovers", name);
        using var read = CheckpointFile.Load(path);
        var expected = Reference.GetProperty(name).EnumerateObject().ToDictionary(tensor => tensor.Name, tensor => tensor.Value.EnumerateArray().Select(value => value.GetSingle()).ToArray());
        read.Keys.Should().BeEquivalentTo(expected.Keys);
        foreach (var (key, values) in expected)
            read[key].Floats().Should().Equal(values, key);
    }

    [Theory]
    [InlineData(@"ccollections\nCounter\n}(K\x1eK\x01K<K\x02u\x85R")]
    [InlineData(@"ccollections\nCounter\n)R")]
    [InlineData(@"ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RU\x01a]s")]
    [InlineData(@"ccollections\ndefaultdict\nN\x85R")]
    [InlineData(@"ccollections\ndefaultdict\nccollections\nOrderedDict\n\x85R")]
    [InlineData(@"ccollections\ndeque\n)K\x05\x86R(K\x01K\x02e")]
    [InlineData(@"ccollections\ndeque\n]K\x01aN\x86R")]
    [InlineData(@"ccollections\ndeque\n)R")]
    [InlineData(@"c__builtin__\ngetattr\nctorch.optim.lr_scheduler\nOneCycleLR\nU\x0e_annealing_cos\x86R")]
    [InlineData(@"ctorch.optim.lr_scheduler\nLambdaLR\n)\x81}U\x01aK\x01sb")]
    [InlineData(@"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02f8\x89\x88\x87R(K\x03U\x01<NNNtbU\x0800000000\x86R")]
    [InlineData(@"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01K\x01\x85NtbN0")]
    [InlineData(@"cargparse\nNamespace\n)\x81}U\x02lrG\x3f\xb9\x99\x99\x99\x99\x99\x9asb")]
    [InlineData(@"cpathlib\nPosixPath\nU\x04data\x85R")]
    [InlineData(@"cdatetime\ndatetime\nC\x0a0000000000\x85R")]
    [InlineData(@"ctorch.torch_version\nTorchVersion\nU\x052.1.0\x85\x81")]
    [InlineData(@"ctorch\nchannels_last\n")]
    public void Load_ThingsThatAreNoWeights_BlockNothing(string leftover)
    {
        byte[] tensor = OneTensor(count: 1)[2..^1]; // without its protocol and its end
        byte[] pickle = [.. "}"u8, .. Pickled(@"U\x05state"), .. Pickled(leftover), .. "s"u8, .. Pickled(@"U\x0astate_dict"), .. tensor, .. "s."u8];
        foreach (var file in (byte[][])[Archive(pickle, BitConverter.GetBytes(7f)).ToArray(), Legacy(pickle, BitConverter.GetBytes(7f))])
        {
            MeasuredLoad.Run(file).Should().BeNull();
            using var read = CheckpointFile.Load(new MemoryStream(file));
            read["x"].Floats().Should().Equal(7);
        }
    }

    [Theory]
    [InlineData(@"ccollections\nCounter\nK\x01\x85R", "collections.Counter")]
    [InlineData(@"ccollections\ndefaultdict\nNN\x86R", "collections.defaultdict")]
    [InlineData(@"ccollections\ndeque\nK\x01\x85R", "collections.deque")]
    public void Load_ContainersOfWhatTheyDoNotTake_AreRefused(string pickle, string name) =>
        MeasuredLoad.Run(Archive(Pickled(pickle + ".")).ToArray()).Should().Contain($"calls {name} with arguments that it does not take");

    [Theory]
    [InlineData(@"cnumpyro\nload\n", "numpyro.load")] // only begins like one that is known
    [InlineData(@"ctorch.optimum\nload\n", "torch.optimum.load")]
    [InlineData(@"ccollections\nChainMap\n", "collections.ChainMap")]
    [InlineData(@"cpathlib\nos.system\n", "pathlib.os.system")]
    public void Load_WhatOnlyResemblesALeftover_IsRefusedByName(string pickle, string name) =>
        MeasuredLoad.Run(Archive(Pickled(@"}U\x01a" + pickle + "s.")).ToArray()).Should().ContainAll($"'{name}'", "nothing was run");

    [Theory]
    [InlineData(@"cbuiltins\ngetattr\n0")]
    [InlineData(@"ccollections\nCounter\n)R")]
    [InlineData(@"ccollections\ndefaultdict\nN\x85R")]
    [InlineData(@"ccollections\ndeque\n]\x85R")]
    [InlineData(@"ccollections\ndeque\n)\x85R")]
    [InlineData(@"cnumpy\nndarray\n")]
    [InlineData(@"ctorch._utils\n_rebuild_qtensor\n)R")]
    public void Load_OneLeftoverOverAndOver_StaysWithinItsMemory(string instruction)
    {
        var bytes = Pickled(instruction);
        byte[] pickle = [.. "}]"u8, .. Enumerable.Repeat(bytes, 1_000_000 / bytes.Length).SelectMany(value => value), (byte)'.'];
        MeasuredLoad.Run(Archive(pickle).ToArray()).Should().NotBeNull();
    }

    [Fact]
    public void Load_WeightsThatAreArraysOfNumPy_SaysSo()
    {
        var array = Pickled(@"cnumpy.core.multiarray\n_reconstruct\n)R");
        byte[] pickle = [.. "}U\u0006weight"u8, .. array, .. "s."u8];
        MeasuredLoad.Run(Archive(pickle).ToArray()).Should().ContainAll("tensors neither at the top", "'numpy.core.multiarray._reconstruct'", "save tensors");
    }

    private static byte[] Pickled(string text) => Python(text.Replace(@"\n", "\n", StringComparison.Ordinal));
}
