using System.Text.Json;
using System.Text.Json.Serialization;
using Px.Runner;
using Px.Runner.CommandLines;

namespace Px.Experiments.Grids;

/// <summary>Grids as a JSON file: one, or several in brackets. What a grid does not name is as in <see cref="Grid"/>.</summary>
public static class GridFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.Strict,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Reads a file.</summary>
    /// <exception cref="UsageException">It is no JSON, or does not describe grids; the message says where.</exception>
    /// <exception cref="ProgramException">There is no such file.</exception>
    public static IReadOnlyList<Grid> Read(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            return text.AsSpan().TrimStart().StartsWith("[")
                ? JsonSerializer.Deserialize<List<Grid>>(text, Json)!
                : [JsonSerializer.Deserialize<Grid>(text, Json)!];
        }
        catch (JsonException e)
        {
            throw new UsageException($"'{path}' does not describe a grid: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"'{path}' cannot be read: {e.Message}", e);
        }
    }
}
