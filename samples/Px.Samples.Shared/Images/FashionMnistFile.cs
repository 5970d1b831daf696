namespace Px.Samples.Images;

/// <summary>One of the four files of Fashion-MNIST, as its authors publish them.</summary>
/// <param name="Name">The name without <c>.gz</c>.</param>
/// <param name="Length">Bytes of the gzipped file.</param>
/// <param name="Sha256">Of the gzipped file. Computed from files with the MD5 sums that the authors' page names.</param>
public sealed record FashionMnistFile(string Name, long Length, string Sha256)
{
    /// <summary>The authors' repository. Their older address, named on the same page, has no https.</summary>
    public static Uri Address { get; } = new("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/");

    public static IReadOnlyList<FashionMnistFile> All { get; } =
    [
        new("train-images-idx3-ubyte", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        new("train-labels-idx1-ubyte", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        new("t10k-images-idx3-ubyte", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        new("t10k-labels-idx1-ubyte", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ];

    public string ZippedName => Name + ".gz";

    /// <summary>Whether a folder holds this file, gzipped or not.</summary>
    public bool IsIn(string folder) => File.Exists(Path.Combine(folder, Name)) || File.Exists(Path.Combine(folder, ZippedName));
}
