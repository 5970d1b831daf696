using System.Runtime.CompilerServices;
using Px.Pruning.Models.Data;
using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.StateDicts;
using Px.Pruning.Models.Tests.Support;
using Px.Tests.Shared;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Reliability;

/// <summary>Broken files for every reader: read, or refused with an exception that its documentation names.</summary>
[Trait("Category", "Soak")]
public sealed class BrokenInputTests(ITestOutputHelper log) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void SafetensorsFile_BrokenFiles_ThrowWhatIsDocumented()
    {
        using var a = rand(2, 3);
        using var b = ones(4, dtype: ScalarType.Bool);
        using var stream = new MemoryStream();
        SafetensorsFile.Save(stream, new Dictionary<string, Tensor> { ["layer.weight"] = a, ["mask"] = b }, new Dictionary<string, string> { ["x"] = "é" });
        var broken = new BrokenFiles(1);

        var outcome = ReadAll(i => i % 3 == 0 ? broken.Mutate(stream.ToArray()) : broken.Safetensors(), file => SafetensorsFile.Load(new MemoryStream(file)).Dispose());

        outcome.Read.Should().BeGreaterThan(BrokenFiles.Count / 20);
    }

    [Fact]
    public void CheckpointFile_BrokenFiles_ThrowWhatIsDocumented()
    {
        byte[][] files = [.. new[] { "zip.pth", "legacy.pth", "layouts.pth", "training.pth" }.Select(name => File.ReadAllBytes(CheckpointFileTests.Golden(name)))];
        var broken = new BrokenFiles(2);

        ReadAll(i => broken.Mutate(files[i % files.Length]), file => CheckpointFile.Load(new MemoryStream(file)).Dispose());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mnist_BrokenFiles_ThrowWhatIsDocumented(bool zipped)
    {
        byte[] pixels = [.. Enumerable.Range(0, 3 * 4 * 4).Select(i => (byte)(5 * i))];
        byte[] images = IdxBytes.Of(pixels, 3, 4, 4), labels = IdxBytes.Of([0, 9, 3], 3);
        if (zipped) (images, labels) = (IdxBytes.Zip(images), IdxBytes.Zip(labels));
        var (whole, other) = (folder.Write("labels", labels), folder.Write("images", images));
        var broken = new BrokenFiles(3);

        ReadAll(_ => broken.Mutate(images), file => Mnist.FromFiles(folder.Write("broken", file), whole));
        ReadAll(_ => broken.Mutate(labels), file => Mnist.FromFiles(other, folder.Write("broken", file)));
    }

    [Fact]
    public void Cifar_BrokenFiles_ThrowWhatIsDocumented()
    {
        byte[] records = [.. Enumerable.Range(0, 2 * 3074).Select(i => (byte)(i % 10))];
        var broken = new BrokenFiles(4);

        ReadAll(_ => broken.Mutate(records[..3073]), file => Load("test_batch.bin", file, () => Cifar10.Load(folder.Root, DatasetSplit.Test)));
        ReadAll(_ => broken.Mutate(records), file => Load("test.bin", file, () => Cifar100.Load(folder.Root, DatasetSplit.Test)));
    }

    [Fact]
    public void CamVid_BrokenFiles_ThrowWhatIsDocumented()
    {
        using var images = zeros(2, 3, 4, 4, dtype: uint8);
        using var labels = ones(2, 4, 4, dtype: uint8);
        using var stream = new MemoryStream();
        SafetensorsFile.Save(stream, new Dictionary<string, Tensor> { ["test_images"] = images, ["test_labels"] = labels });
        var broken = new BrokenFiles(5);

        ReadAll(_ => broken.Mutate(stream.ToArray()), file => CamVid.Load(folder.Write("camvid", file), DatasetSplit.Test));
    }

    /// <summary>Lists, and images that are decoded by an image library, whose exceptions are of its own choice.</summary>
    [Fact]
    public void ImageReaders_BrokenListsAndImages_ThrowWhatIsDocumented()
    {
        var options = new ImageFileOptions { Decoder = Decoders.Stb };
        var image = PngBytes.Colour(1, 1, 2, 3);
        folder.Write("val/images/a.JPEG", image);
        folder.Write("val/images/b.JPEG", image);
        folder.Write("JPEGImages/a.jpg", image);
        folder.Write("SegmentationClass/a.png", PngBytes.Grey(1, 1));
        folder.Write("wnids.txt", "n01\nn02\n"u8.ToArray());
        byte[] list = "a.JPEG n01\nb.JPEG n02\n"u8.ToArray(), annotations = "a.JPEG\tn01\t0\t0\t1\t1\nb.JPEG\tn02\t0\t0\t1\t1\n"u8.ToArray();
        var (images, broken) = (folder.Path("val/images"), new BrokenFiles(6));

        ReadAll(_ => broken.Mutate(list), file => ImageList.Load(images, folder.Write("list.txt", file), options));
        ReadAll(_ => broken.Mutate(annotations), file => Load("val/val_annotations.txt", file, () => TinyImageNet.Load(folder.Root, DatasetSplit.Test, options)));
        ReadAll(_ => broken.Mutate("a\n"u8.ToArray()), file =>
            Load("ImageSets/Segmentation/val.txt", file, () => PascalVoc2012.Load(folder.Root, PascalVocSplit.Validation, options)));
        ReadAll(_ => broken.Mutate(image), file => Load("classes/x/a.png", file, () =>
        {
            using var data = ImageFolder.Load(folder.Path("classes"), options);
            foreach (var tensor in data.GetTensor(0).Values) tensor.Dispose();
        }));
    }

    /// <summary>A folder where a file should be, a file where a folder should be, what is not there, and what lies below a file.</summary>
    [Fact]
    public void EveryReader_WhatCannotBeOpened_ThrowsAnIOException()
    {
        var options = new ImageFileOptions { Decoder = Decoders.Stb };
        var file = folder.Write("file", 1, 2, 3);
        using var module = nn.Linear(1, 1);
        foreach (var path in new[] { folder.Root, folder.Path("missing"), folder.Path("file/below") })
        {
            Action[] readers =
            [
                () => SafetensorsFile.Load(path), () => CheckpointFile.Load(path), () => module.LoadWeights(path), () => module.LoadSafetensors(path),
                () => module.LoadCheckpoint(path), () => Pretrained.ImageNet(path), () => Mnist.FromFiles(path, file), () => CamVid.Load(path, DatasetSplit.Test),
                () => ImageList.Load(folder.Root, path, options),
            ];
            foreach (var read in readers)
                read.Should().Throw<IOException>(path);
        }

        foreach (var path in new[] { file, folder.Path("missing") })
        {
            Action[] readers =
            [
                () => Mnist.Load(path, DatasetSplit.Test), () => FashionMnist.Load(path, DatasetSplit.Test), () => Cifar10.Load(path, DatasetSplit.Test),
                () => Cifar100.Load(path, DatasetSplit.Test), () => ImageFolder.Load(path, options), () => ImageList.Load(path, file, options),
                () => TinyImageNet.Load(path, DatasetSplit.Test, options), () => PascalVoc2012.Load(path, PascalVocSplit.Train, options),
            ];
            foreach (var read in readers)
                read.Should().Throw<IOException>(path);
        }

        using var tensor = ones(1);
        var tensors = new Dictionary<string, Tensor> { ["a"] = tensor };
        foreach (Action save in new Action[] { () => SafetensorsFile.Save(folder.Root, tensors), () => CheckpointFile.Save(folder.Root, tensors), () => module.SaveSafetensors(folder.Path("file/below")) })
            save.Should().Throw<IOException>();
    }

    [Fact]
    public void EveryReader_FilesWithoutPermission_ThrowsAnIOException()
    {
        // The system's administrator may read everything.
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess) return;
        var options = new ImageFileOptions { Decoder = Decoders.Stb };
        foreach (var name in new[] { "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "test_batch.bin", "test.bin", "wnids.txt", "classes/a/1.png" })
            File.SetUnixFileMode(folder.Write(name, 1), UnixFileMode.None);
        Directory.CreateDirectory(folder.Path("closed/a"), UnixFileMode.None);
        Action[] readers =
        [
            () => Mnist.Load(folder.Root, DatasetSplit.Train), () => Cifar10.Load(folder.Root, DatasetSplit.Test), () => Cifar100.Load(folder.Root, DatasetSplit.Test),
            () => SafetensorsFile.Load(folder.Path("test.bin")), () => TinyImageNet.Load(folder.Root, DatasetSplit.Test, options),
            () => ImageFolder.Load(folder.Path("classes"), options), () => ImageFolder.Load(folder.Path("closed"), options),
        ];
        try
        {
            foreach (var read in readers)
                read.Should().Throw<IOException>();
        }
        finally
        {
            // Otherwise it cannot be deleted.
            File.SetUnixFileMode(folder.Path("closed/a"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task Load_Pipe_IsRefusedBeforeItIsRead()
    {
        if (OperatingSystem.IsWindows()) return;
        var pipe = folder.Path("pipe");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [pipe]))
            await make.WaitForExitAsync();
        foreach (var read in new Action[] { () => SafetensorsFile.Load(pipe), () => CheckpointFile.Load(pipe), () => Mnist.FromFiles(pipe, pipe) })
        {
            // A pipe opens once it has a writer.
            var writer = Task.Run(() => new FileStream(pipe, FileMode.Open, FileAccess.Write).Dispose());
            read.Should().Throw<IOException>().WithMessage("*pipe*");
            await writer;
        }
    }

    [Fact]
    public void Save_NameWithHalfASurrogatePair_IsRefused()
    {
        using var tensor = ones(1);
        var tensors = new Dictionary<string, Tensor> { ["a\udc00"] = tensor };
        foreach (var save in new Action[] { () => SafetensorsFile.Save(Stream.Null, tensors), () => CheckpointFile.Save(Stream.Null, tensors) })
            save.Should().Throw<ArgumentException>().WithMessage("*not Unicode*");
    }

    private void Load(string name, byte[] file, Action load)
    {
        folder.Write(name, file);
        load();
    }

    private DocumentedExceptions ReadAll(Func<int, byte[]> next, Action<byte[]> read, [CallerMemberName] string test = "")
    {
        var (outcome, live) = (new DocumentedExceptions(), LiveTensors.Count);
        for (var i = 0; i < BrokenFiles.Count; i++)
        {
            var file = next(i);
            outcome.Try(file, () => read(file));
        }

        log.WriteLine($"soak: {test}: {outcome.Read} read, {outcome.Refused} refused, 0 other exceptions");
        LiveTensors.Count.Should().Be(live);
        outcome.Refused.Should().BeGreaterThan(BrokenFiles.Count / 20);
        return outcome;
    }
}
