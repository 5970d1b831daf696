using Px.Pruning.Models.Data;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data;

public sealed class CifarTests
{
    [Fact]
    public void Load_TheFiveTrainingFiles_AreReadInOrder()
    {
        using var folder = new TemporaryFolder();
        for (var i = 1; i <= 5; i++)
            folder.Write($"cifar-10-batches-bin/data_batch_{i}.bin", [.. Record([(byte)i], (byte)(10 * i)), .. Record([(byte)(i + 1)], 0)]);
        var dataset = Cifar10.Load(folder.Root, DatasetSplit.Train, ImageNormalization.None);
        (dataset.Count, dataset.Channels, dataset.Height, dataset.Width, dataset.Classes).Should().Be((10, 3, 32, 32, 10));
        Enumerable.Range(0, 10).Select(i => dataset.Label(i)).Should().Equal(1, 2, 2, 3, 3, 4, 4, 5, 5, 6);
        using var data = dataset.GetTensor(4)["data"];
        // Red, green and blue plane of the record: 30, 31 and 32, but for the first pixel of each.
        var values = data.Floats();
        values[..2].Should().Equal(130 / 255f, 30 / 255f);
        values[1024..1026].Should().Equal(131 / 255f, 31 / 255f);
        values[2048..2050].Should().Equal(132 / 255f, 32 / 255f);
    }

    [Fact]
    public void Load_Cifar100_HasCoarseAndFineLabels()
    {
        using var folder = new TemporaryFolder();
        folder.Write("test.bin", [.. Record([19, 99], 1), .. Record([0, 7], 2)]);
        var fine = Cifar100.Load(folder.Root, DatasetSplit.Test);
        var coarse = Cifar100.Load(folder.Root, DatasetSplit.Test, Cifar100Labels.Coarse);
        (fine.Classes, fine.Label(0), fine.Label(1)).Should().Be((100, 99, 7));
        (coarse.Classes, coarse.Label(0), coarse.Label(1)).Should().Be((20, 19, 0));
    }

    [Fact]
    public void Load_MissingFiles_AreNamedWithWhatToDo()
    {
        using var folder = new TemporaryFolder();
        var load = () => Cifar10.Load(folder.Root, DatasetSplit.Train);
        load.Should().Throw<FileNotFoundException>().WithMessage("*data_batch_1.bin' is missing*CIFAR-10 binary version*");
        folder.Write("data_batch_1.bin", Record([0], 0));
        folder.Write("data_batch_2", 1);
        load.Should().Throw<FileNotFoundException>().WithMessage("*data_batch_2.bin' is missing*Python version*");
        FluentActions.Invoking(() => Cifar100.Load(folder.Path("gone"), DatasetSplit.Train)).Should().Throw<FileNotFoundException>()
            .WithMessage("*train.bin' is missing. The folder does not exist*CIFAR-100 binary version*");
    }

    public static TheoryData<byte[], string> Malformed => new()
    {
        { [], "*test_batch.bin' has 0 bytes*records of 3073*" },
        { Record([0], 0)[..^1], "*test_batch.bin' has 3072 bytes*truncated*" },
        { [.. Record([0], 0), 1], "*test_batch.bin' has 3074 bytes*" },
        { Record([0, 0], 0), "*test_batch.bin' has 3074 bytes*not the binary version of this data set*" }, // a file of CIFAR-100
        { [.. Record([9], 0), .. Record([10], 0)], "*test_batch.bin': image 1 has the label 10*0 to 9*" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Load_AMalformedFile_IsNamedWithWhatWasFound(byte[] content, string message)
    {
        using var folder = new TemporaryFolder();
        folder.Write("test_batch.bin", content);
        FluentActions.Invoking(() => Cifar10.Load(folder.Root, DatasetSplit.Test)).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void Load_Cifar100WithABadCoarseLabel_IsRefusedWhicheverLabelIsUsed()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train.bin", Record([20, 0], 0));
        FluentActions.Invoking(() => Cifar100.Load(folder.Root, DatasetSplit.Train)).Should().Throw<InvalidDataException>().WithMessage("*label 20*0 to 19*");
    }

    [SharedDataFact]
    public void Load_TheSharedSubset_HasItsCounts()
    {
        var train = Cifar10.Load(SharedData.Path("cifar10-subset"), DatasetSplit.Train);
        train.Count.Should().Be(5085);
        Enumerable.Range(0, 5085).Select(i => train.Label(i)).Distinct().Should().HaveCount(10);
    }

    // Planes of first, first + 1, first + 2; the first pixel of each is 100 more.
    private static byte[] Record(byte[] labels, byte first)
    {
        var record = new byte[labels.Length + 3072];
        labels.CopyTo(record, 0);
        for (var i = 0; i < 3072; i++)
            record[labels.Length + i] = (byte)(first + (i / 1024) + (i % 1024 == 0 ? 100 : 0));
        return record;
    }
}
