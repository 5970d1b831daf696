namespace Px.Samples.Tests;

/// <summary>A test that needs the folder <c>shared/data</c> that may lie beside the repository, and is skipped, with the reason, where it is absent.</summary>
internal sealed class SharedDataFactAttribute : FactAttribute
{
    private static readonly string? Folder = Find();

    public SharedDataFactAttribute() =>
        Skip = Folder is null ? "There is no folder shared/data beside the repository, and PX_SHARED_DATA names none." : null;

    public static string Path(string relative) => System.IO.Path.Combine(Folder!, relative);

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = System.IO.Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(candidate))
                return candidate;
        }

        return Environment.GetEnvironmentVariable("PX_SHARED_DATA") is { Length: > 0 } given && Directory.Exists(given) ? given : null;
    }
}
