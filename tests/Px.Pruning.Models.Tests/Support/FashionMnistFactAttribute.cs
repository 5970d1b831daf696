namespace Px.Pruning.Models.Tests.Support;

/// <summary>A test on the real Fashion-MNIST, skipped with the reason where Debian's package is not installed.</summary>
internal sealed class FashionMnistFactAttribute : FactAttribute
{
    public const string Folder = "/usr/share/datasets/fashion-mnist";

    public FashionMnistFactAttribute() =>
        Skip = Directory.Exists(Folder) ? null : "Fashion-MNIST is not installed (Debian: dataset-fashion-mnist).";
}
