using Px.Pruning.Models.Data;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Data;

public sealed class CamVidTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Load_ASplit_HasItsPixelsAndLabels()
    {
        using var scope = NewDisposeScope();
        var dataset = CamVid.Load(Save(), DatasetSplit.Test, ImageNormalization.None);
        (dataset.Count, dataset.Classes, dataset.IgnoreIndex, dataset.Height, dataset.Width).Should().Be((2, 11, 11, 2, 4));
        dataset.ClassNames[0].Should().Be("sky");
        var item = dataset.GetTensor(1);
        item["data"].Floats().Should().Equal(Enumerable.Range(24, 24).Select(i => i / 255f));
        item["label"].shape.Should().Equal(2, 4);
        item["label"].Longs().Should().Equal(8, 9, 10, 11, 0, 1, 2, 3);
        CamVid.Load(Save(), DatasetSplit.Train).Count.Should().Be(1);
    }

    [Fact]
    public void Load_FilesThatHoldNoCamVid_AreRefused()
    {
        using var scope = NewDisposeScope();
        Refused(Save(labels: zeros([1, 2, 4], ScalarType.Byte)), "test_labels is Byte [1, 2, 4], and should be Byte [2, 2, 4]");
        Refused(Save(labels: zeros([2, 2, 4], ScalarType.Int64)), "test_labels is Int64 [2, 2, 4]");
        Refused(Save(labels: full([2, 2, 4], 12, ScalarType.Byte)), "test_labels has a label 12");
        Refused(Save(images: zeros([2, 4, 2, 4], ScalarType.Byte)), "test_images is Byte [2, 4, 2, 4], and should be Byte [N, 3, H, W]");
        var path = _folder.Path("other.safetensors");
        SafetensorsFile.Save(path, new Dictionary<string, Tensor> { ["weight"] = zeros(1) });
        Refused(path, "has no tensor 'test_images'; it has weight");

        static void Refused(string path, string message) =>
            FluentActions.Invoking(() => CamVid.Load(path, DatasetSplit.Test)).Should().Throw<InvalidDataException>().WithMessage($"'{path}'*{message}*");
    }

    [Fact]
    public void Load_AFile_LeavesNoTensors()
    {
        var path = Save();
        LiveTensors.ShouldNotGrow(() => CamVid.Load(path, DatasetSplit.Test));
    }

    [SharedDataFact]
    public void Load_TheRealCamVid_HasItsCountsAndElevenClasses()
    {
        var path = SharedData.Path("camvid/camvid-96x128.safetensors");
        var (train, test) = (CamVid.Load(path, DatasetSplit.Train), CamVid.Load(path, DatasetSplit.Test));
        (train.Count, test.Count, train.Height, train.Width).Should().Be((367, 233, 96, 128));
        var labels = new HashSet<long>();
        foreach (var (_, label) in test.Batches())
            labels.UnionWith(label.Longs());
        labels.Should().BeEquivalentTo(Enumerable.Range(0, 12).Select(i => (long)i));
        using var file = SafetensorsFile.Load(path);
        file.Metadata["classes"].Split(',')[..11].Should().Equal(train.ClassNames);
    }

    public void Dispose() => _folder.Dispose();

    private string Save(Tensor? images = null, Tensor? labels = null)
    {
        using var scope = NewDisposeScope();
        var path = _folder.Path($"{Guid.NewGuid():N}.safetensors");
        SafetensorsFile.Save(path, new Dictionary<string, Tensor>
        {
            ["train_images"] = zeros([1, 3, 2, 4], ScalarType.Byte),
            ["train_labels"] = zeros([1, 2, 4], ScalarType.Byte),
            ["test_images"] = images ?? arange(48, ScalarType.Byte).view(2, 3, 2, 4),
            ["test_labels"] = labels ?? arange(16, ScalarType.Byte).remainder(12).view(2, 2, 4),
        });
        return path;
    }
}
