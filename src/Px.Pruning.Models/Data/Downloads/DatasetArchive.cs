namespace Px.Pruning.Models.Data.Downloads;

/// <summary>A published data set: its files, and the folder that they unpack to.</summary>
/// <remarks>For a mirror: <c>DatasetArchive.Cifar10 with { Files = [file with { Address = … }] }</c>; checksums make sure that it is the
/// same file.</remarks>
public sealed record DatasetArchive
{
    /// <summary>The name for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The folder inside the cache, one path component.</summary>
    /// <exception cref="ArgumentException">It is empty, or could leave the cache: <c>..</c>, a separator, a drive.</exception>
    public required string Folder
    {
        get;
        init => field = PlainName.Check(value, nameof(Folder));
    }

    /// <summary>The files.</summary>
    public required IReadOnlyList<DatasetFile> Files { get; init; }

    /// <summary>The folder that each of the archives holds at its root, and all else in it; null, the default, for files that are read as
    /// they are.</summary>
    /// <exception cref="ArgumentException">It is not one path component.</exception>
    public string? UnpacksTo
    {
        get;
        init => field = value is null ? null : PlainName.Check(value, nameof(UnpacksTo));
    }

    /// <summary>The most bytes that an archive may unpack to, headers included: 512 for every entry, and all of a long name.
    /// 4 GiB by default.</summary>
    public long MaximumUnpackedLength { get; init; } = 4L << 30;

    /// <summary>The four files for <see cref="Data.Mnist"/>, from a mirror of PyTorch's, as the author's page asks for a
    /// password.</summary>
    public static DatasetArchive Mnist { get; } = new()
    {
        Name = "MNIST",
        Folder = "mnist",
        Files = From(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            ("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c")),
    };

    /// <summary>The four files for <see cref="Data.FashionMnist"/>.</summary>
    public static DatasetArchive FashionMnist { get; } = new()
    {
        Name = "Fashion-MNIST",
        Folder = "fashion-mnist",
        // The authors' repository; their older address has no https. The sums are of files with the MD5 sums that the authors' page names.
        Files = From(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            ("train-images-idx3-ubyte.gz", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            ("train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            ("t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            ("t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")),
    };

    /// <summary>The binary version, for <see cref="Data.Cifar10"/>.</summary>
    public static DatasetArchive Cifar10 { get; } = new()
    {
        Name = "CIFAR-10",
        Folder = "cifar-10",
        Files = From("https://www.cs.toronto.edu/~kriz/", ("cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530")),
        UnpacksTo = "cifar-10-batches-bin",
    };

    /// <summary>The binary version, for <see cref="Data.Cifar100"/>.</summary>
    public static DatasetArchive Cifar100 { get; } = new()
    {
        Name = "CIFAR-100",
        Folder = "cifar-100",
        Files = From("https://www.cs.toronto.edu/~kriz/", ("cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8")),
        UnpacksTo = "cifar-100-binary",
    };

    /// <summary>For <see cref="Data.TinyImageNet"/>.</summary>
    public static DatasetArchive TinyImageNet { get; } = new()
    {
        Name = "Tiny-ImageNet",
        Folder = "tiny-imagenet",
        Files = From("https://cs231n.stanford.edu/", ("tiny-imagenet-200.zip", 248_100_043, "90528d7ca1a48142e341f4ef8d21d0de")),
        UnpacksTo = "tiny-imagenet-200",
    };

    /// <summary>Training and validation images of all tasks, 2 GB, for <see cref="Data.PascalVoc2012"/>.</summary>
    public static DatasetArchive PascalVoc2012 { get; } = new()
    {
        Name = "Pascal VOC 2012",
        Folder = "voc-2012",
        // The authors' other host has no https, and sends browsers on to this one.
        Files = From("https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/",
            ("VOCtrainval_11-May-2012.tar", 1_999_639_040, "6cd6e144f989b92b3379bac3b3de84fd")),
        UnpacksTo = "VOCdevkit",
    };

    private static DatasetFile[] From(string address, params (string Name, long Length, string Checksum)[] files) => Array.ConvertAll(
        files,
        file => new DatasetFile { Address = new Uri(address + file.Name), Length = file.Length, Checksum = file.Checksum });
}
