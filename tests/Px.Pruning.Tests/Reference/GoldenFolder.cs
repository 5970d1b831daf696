using System.Text.Json;

namespace Px.Pruning.Tests.Reference;

/// <summary>Where the oracle's values lie, and how they are read.</summary>
internal static class GoldenFolder
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, PropertyNameCaseInsensitive = true };
    private static readonly Lazy<string> Folder = new(Find);

    /// <summary>Every file about a method, without folder or extension, in alphabetical order.</summary>
    public static IEnumerable<string> Cases() =>
        Directory.GetFiles(Folder.Value, "*.json").Select(file => Path.GetFileNameWithoutExtension(file))
            .Where(name => name != "generator").Order(StringComparer.Ordinal);

    public static T Read<T>(string file)
    {
        using var stream = File.OpenRead(Path.Combine(Folder.Value, file));
        return JsonSerializer.Deserialize<T>(stream, SnakeCase) ?? throw new InvalidDataException($"{file} is empty.");
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var golden = Path.Combine(folder.FullName, "Reference", "Golden");
            if (Directory.Exists(golden)) return golden;
        }
        throw new DirectoryNotFoundException($"No folder Reference/Golden above {AppContext.BaseDirectory}.");
    }
}
