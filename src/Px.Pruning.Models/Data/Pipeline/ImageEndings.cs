namespace Px.Pruning.Models.Data.Pipeline;

// Endings of files that are images.
internal static class ImageEndings
{
    private static readonly string[] Usual = [".jpg", ".jpeg", ".png", ".bmp"];

    // The endings, with their dot, in whatever case; null for the usual ones.
    internal static HashSet<string> Of(IReadOnlyList<string>? given) => (given ?? Usual).ToHashSet(StringComparer.OrdinalIgnoreCase);
}
