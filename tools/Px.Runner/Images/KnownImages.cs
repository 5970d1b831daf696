using Px.Pruning.Models.Data;
using Px.Pruning.Models.Data.Downloads;
using Px.Runner.Display;

namespace Px.Runner.Images;

/// <summary>The classification data sets, by the names that command lines use.</summary>
public static class KnownImages
{
    public const string Cifar10 = "cifar10", Cifar100 = "cifar100", FashionMnist = "fashion-mnist", Synthetic = "synthetic", TinyImageNet = "tiny-imagenet", ImageNet = "imagenet";

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [Cifar10, Cifar100, FashionMnist, TinyImageNet, ImageNet, Synthetic];

    // Kaggle's and Caffe's lists of the validation images.
    private static readonly string[] ImageNetLists = ["LOC_val_solution.csv", "val.txt"];

    private static ImageFileOptions ImageNetFiles { get; } = new() { Decoder = ImageFiles.Decode, Height = 224, Width = 224 };

    /// <summary>Finds a data set and reads both of its parts.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="folder">Where it lies; null to look for it. Where synthetic images are written. ImageNet has to be named: a folder with <c>train</c> and <c>val</c>, a folder a class in each; or all images in <c>val</c>, and beside it <c>LOC_val_solution.csv</c> or <c>val.txt</c>.</param>
    /// <param name="imageNet">Whether pixels are normalised with ImageNet's statistics, as some pretrained networks want, and not the data set's own.</param>
    /// <param name="train">How many training images; null for all.</param>
    /// <param name="test">How many test images; null for all.</param>
    /// <param name="terminal">Where a download shows how far it is.</param>
    /// <param name="token">Stops a download.</param>
    /// <exception cref="ProgramException">A file is missing or damaged, or there are too few images; the message says what to do.</exception>
    public static ImageSets Load(string name, string? folder, bool imageNet, int? train, int? test, Terminal terminal, CancellationToken token)
    {
        using var client = new HttpClient();
        var finder = new DataFinder(new DatasetDownload(client), terminal);
        var normalization = imageNet ? ImageNormalization.ImageNet : null;
        switch (name)
        {
            case Cifar10:
                var cifar10 = finder.Find(folder, DatasetArchive.Cifar10, null, token);
                return ImageSets.Load("CIFAR-10", split => Px.Pruning.Models.Data.Cifar10.Load(cifar10, split, normalization), train, test);
            case Cifar100:
                var cifar100 = finder.Find(folder, DatasetArchive.Cifar100, null, token);
                return ImageSets.Load("CIFAR-100", split => Px.Pruning.Models.Data.Cifar100.Load(cifar100, split, normalization: normalization), train, test);
            case FashionMnist:
                var fashion = finder.Find(folder, DatasetArchive.FashionMnist, DataFinder.FashionMnistPackage, token);
                return ImageSets.Load("Fashion-MNIST", split => Px.Pruning.Models.Data.FashionMnist.Load(fashion, split), train, test);
            case Synthetic:
                SyntheticImages.Write(folder ?? throw new ArgumentNullException(nameof(folder)), train ?? SyntheticImages.UsualTrain, test ?? SyntheticImages.UsualTest);
                return ImageSets.Load("the synthetic data set", split => Px.Pruning.Models.Data.Cifar100.Load(folder, split, normalization: normalization), train, test);
            case TinyImageNet:
                var tiny = finder.Find(folder, DatasetArchive.TinyImageNet, null, token);
                var tinyFiles = new ImageFileOptions { Decoder = ImageFiles.Decode, Normalization = normalization };
                return ImageSets.Load("Tiny-ImageNet", split => Px.Pruning.Models.Data.TinyImageNet.Load(tiny, split, tinyFiles), train, test);
            case ImageNet:
                var root = folder ?? throw new ProgramException("ImageNet is downloaded by nobody: name its folder, with train and val in it, by --data.");
                return ImageSets.Load(
                    "ImageNet",
                    split => split == DatasetSplit.Train
                        ? ImageFolder.Load(Path.Combine(root, "train"), ImageNetFiles)
                        : ImageNetTest(root),
                    train, test);
            default:
                throw new ArgumentException($"There is no data set '{name}'.", nameof(name));
        }
    }

    // Images in a folder a class, or as they are published: all in one folder, and a list.
    private static ImageDataset ImageNetTest(string root)
    {
        var (images, files) = (Path.Combine(root, "val"), ImageNetFiles with { Resize = 256 });
        var list = Array.Find(ImageNetLists, name => File.Exists(Path.Combine(root, name)));
        return list is null ? ImageFolder.Load(images, files) : ImageList.Load(images, Path.Combine(root, list), files);
    }
}
