namespace Px.Experiments.Tests.Support;

/// <summary>A test that looks at a page with Chromium or Chrome, skipped with the reason where there is neither.</summary>
internal sealed class BrowserFactAttribute : FactAttribute
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

    public BrowserFactAttribute() => Skip = Executable is null ? $"There is no browser: none of {string.Join(", ", Names)} on the PATH, and PX_BROWSER names none." : null;

    public static string? Executable { get; } = Find();

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("PX_BROWSER") is { Length: > 0 } given && File.Exists(given))
            return given;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var suffix = OperatingSystem.IsWindows() ? ".exe" : "";
        return Names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name + suffix))).FirstOrDefault(File.Exists);
    }
}
