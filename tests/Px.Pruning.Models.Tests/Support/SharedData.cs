namespace Px.Pruning.Models.Tests.Support;

/// <summary>The folder <c>shared/data</c> that may lie beside the repository; nothing depends on it but tests that say so.</summary>
internal static class SharedData
{
    public static string? Folder { get; } = Find();

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

/// <summary>A test that needs the shared data and is skipped, with the reason, where it is absent.</summary>
internal sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute() =>
        Skip = SharedData.Folder is null ? "There is no folder shared/data beside the repository, and PX_SHARED_DATA names none." : null;
}
