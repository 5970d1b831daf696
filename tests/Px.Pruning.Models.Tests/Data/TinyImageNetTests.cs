using System.Text;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.Data;

public sealed class TinyImageNetTests : IDisposable
{
    private static readonly ImageFileOptions Options = new() { Decoder = Decoders.Stb };

    private readonly TemporaryFolder _folder = new();

    public TinyImageNetTests()
    {
        Write("wnids.txt", "n02\nn01\n");
        foreach (var file in (string[])["train/n01/images/n01_0.JPEG", "train/n02/images/n02_1.JPEG", "train/n02/images/n02_10.JPEG", "val/images/val_0.JPEG", "val/images/val_1.JPEG"])
            _folder.Write($"tiny-imagenet-200/{file}", PngBytes.Grey(2, (byte)file.Length, 0, 0, 0));
        Write("val/val_annotations.txt", "val_1.JPEG\tn01\t0\t0\t62\t62\nval_0.JPEG\tn02\t1\t2\t3\t4\n");
    }

    [Theory]
    [InlineData("")]
    [InlineData("tiny-imagenet-200")]
    public void Load_TheTrainingImages_AreOfTheClassesInTheListsOrder(string inner)
    {
        var dataset = TinyImageNet.Load(_folder.Path(inner), DatasetSplit.Train, Options);
        (dataset.Count, dataset.Classes, dataset.Height, dataset.Width).Should().Be((3, 2, 2, 2));
        dataset.ClassNames.Should().Equal("n02", "n01");
        Enumerable.Range(0, 3).Select(i => dataset.Label(i)).Should().Equal(0, 0, 1);
    }

    [Fact]
    public void Load_HiddenFiles_AreIgnored()
    {
        Write("train/n01/images/._n01_0.JPEG", "no image");
        Write("train/n02/images/.ipynb_checkpoints/n02_1.JPEG", "no image");
        TinyImageNet.Load(_folder.Root, DatasetSplit.Train, Options).Count.Should().Be(3);
    }

    [Fact]
    public void Load_TheTestImages_AreTheAnnotatedOnes()
    {
        var dataset = TinyImageNet.Load(_folder.Root, DatasetSplit.Test, Options);
        Enumerable.Range(0, 2).Select(i => dataset.Label(i)).Should().Equal(1, 0);
    }

    [Fact]
    public void Load_WithoutANormalisation_UsesTinyImageNets()
    {
        using var data = TinyImageNet.Load(_folder.Root, DatasetSplit.Test, Options).GetTensor(0)["data"];
        data.Floats()[1].Should().Be((0 - 0.480f) / 0.276f);
    }

    [Theory]
    [InlineData("wnids.txt", "n02\nn01\nn02\n", "lists n02 twice")]
    [InlineData("wnids.txt", "", "is empty")]
    [InlineData("val/val_annotations.txt", "val_1.JPEG n01\n", "the line 'val_1.JPEG n01' does not name")]
    [InlineData("val/val_annotations.txt", "val_1.JPEG\tn03\n", "does not name a file and a class")]
    [InlineData("val/val_annotations.txt", "../images/val_1.JPEG\tn01\n", "does not name a file and a class")]
    public void Load_DamagedLists_AreRefused(string file, string content, string message)
    {
        Write(file, content);
        FluentActions.Invoking(() => TinyImageNet.Load(_folder.Root, DatasetSplit.Test, Options)).Should().Throw<InvalidDataException>().WithMessage($"*{Path.GetFileName(file)}*{message}*");
    }

    [Theory]
    [InlineData(DatasetSplit.Test, "wnids.txt", "wnids.txt' is missing")]
    [InlineData(DatasetSplit.Test, "val/images/val_0.JPEG", "val_0.JPEG' is missing")]
    [InlineData(DatasetSplit.Train, "train/n01/images/n01_0.JPEG", "has no *.JPEG files")]
    public void Load_MissingFiles_AreNamedWithWhatToDo(DatasetSplit split, string file, string message)
    {
        File.Delete(_folder.Path($"tiny-imagenet-200/{file}"));
        FluentActions.Invoking(() => TinyImageNet.Load(_folder.Root, split, Options)).Should().Throw<FileNotFoundException>().WithMessage($"*{message}*tiny-imagenet-200.zip*");
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string file, string content) => _folder.Write($"tiny-imagenet-200/{file}", Encoding.ASCII.GetBytes(content));
}
