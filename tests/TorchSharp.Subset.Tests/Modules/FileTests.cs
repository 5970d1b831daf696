using TorchSharp.Modules;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

public class FileTests
{
    [Fact]
    public void Save_TwoWeights_WritesCountNameTypeShapeAndBytes()
    {
        using var module = nn.Linear(2, 1, hasBias: false);
        module.load_state_dict(new() { ["weight"] = tensor(new[] { 1f, -2f }, [1, 2]) });

        // One entry: 6 letters, Float32 = 6, 2 dimensions of 1 and 2, then 1f and -2f.
        Convert.ToHexString(Saved(module)).Should().Be("01" + "06" + "776569676874" + "06" + "02" + "0102" + "0000803F" + "000000C0");
    }

    [Fact]
    public void Load_WhatWasSaved_RestoresEveryTensor()
    {
        using var source = new Nested();
        source.call(randn(4, 2));
        using var target = new Nested();

        target.load(Reader(Saved(source))).Should().BeSameAs(target);

        foreach (var (key, value) in source.state_dict()) target.state_dict()[key].Equals(value).Should().BeTrue(key);
    }

    [Fact]
    public void SaveAndLoad_ByPath_RoundTrips()
    {
        var path = Path.GetTempFileName();
        using var source = nn.Linear(3, 2);
        using var target = nn.Linear(3, 2);
        try
        {
            source.save(path);
            target.load(path);
        }
        finally
        {
            File.Delete(path);
        }

        target.weight.Equals(source.weight).Should().BeTrue();
        target.Invoking(m => m.load("no such file.dat")).Should().Throw<FileNotFoundException>();
    }

    [Fact]
    public void Load_OtherTypeShapeCountOrName_Throws()
    {
        using var saved = nn.Linear(2, 3);
        var bytes = Saved(saved);

        Loading(nn.Linear(2, 3).@double(), bytes).Should().Throw<ArgumentException>().WithMessage("Mismatched tensor data types*");
        Loading(nn.Linear(3, 2), bytes).Should().Throw<ArgumentException>().WithMessage("Mismatched tensor shape*");
        Loading(nn.Linear(2, 3, hasBias: false), bytes).Should().Throw<ArgumentException>().WithMessage("Mismatched state_dict sizes: expected 1, but found 2 entries.");
        Loading(nn.Sequential(nn.Linear(2, 3)), bytes).Should().Throw<ArgumentException>().WithMessage("Mismatched module state names*");
    }

    [Fact]
    public void Load_NotStrict_ReportsWhatTheFileHeld()
    {
        using var saved = nn.Linear(2, 3);
        using var target = nn.Linear(2, 3, hasBias: false);
        var loaded = new Dictionary<string, bool>();

        target.load(Reader(Saved(saved)), strict: false, loadedParameters: loaded);

        loaded.Should().Equal(new Dictionary<string, bool> { ["weight"] = true, ["bias"] = false });
        target.weight.Equals(saved.weight).Should().BeTrue();
    }

    [Fact]
    public void SaveAndLoad_Skipping_LeavesThatTensorAlone()
    {
        using var saved = nn.Linear(2, 1);
        using var target = nn.Linear(2, 1);
        var before = target.bias!.Floats();

        target.load(Reader(Saved(saved)), skip: ["bias"]);

        target.weight.Equals(saved.weight).Should().BeTrue();
        target.bias!.Floats().Should().Equal(before);
    }

    [Fact]
    public void Save_ToStream_ClosesIt()
    {
        using var module = nn.Linear(1, 1);
        using var stream = new MemoryStream();

        module.save(stream);

        stream.CanRead.Should().BeFalse();
    }

    private static Action Loading(nn.Module target, byte[] bytes) => () => target.load(Reader(bytes));

    private static BinaryReader Reader(byte[] bytes) => new(new MemoryStream(bytes));

    private static byte[] Saved(nn.Module module)
    {
        using var stream = new MemoryStream();
        module.save(stream);
        return stream.ToArray();
    }
}
