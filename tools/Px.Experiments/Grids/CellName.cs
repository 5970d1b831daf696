using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Px.Experiments.Grids;

/// <summary>What a cell's files begin with: what people look for, and a hash of everything that decides its numbers.</summary>
public static class CellName
{
    private const int HashDigits = 10;

    // What is as in here does not show in a name, so that properties may be added to cells, with a default, and old results are found again.
    private static readonly JsonObject Usual = Describe(new Cell { Model = "", Data = "", Method = "", Sparsity = 0, Seed = 0, Epochs = 0 });

    /// <summary>A name such as <c>resnet20-cifar10-px-0.9312-seed1-0f2e4a6c8b</c>, the same on every machine.</summary>
    public static string Of(Cell cell)
    {
        var readable = new StringBuilder($"{cell.Model}-{cell.Data}");
        if (cell.Initialization != Cell.FromScratch)
            readable.Append('-').Append(cell.Initialization);
        readable.Append('-').Append(cell.Method);
        if (cell.Method != Cell.Dense)
            readable.Append(CultureInfo.InvariantCulture, $"-{cell.Sparsity}");
        if (cell.Rounds is { } rounds)
            readable.Append(CultureInfo.InvariantCulture, $"-{rounds}rounds");
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(cell))));
        return $"{readable.Append(CultureInfo.InvariantCulture, $"-seed{cell.Seed}")}-{hash[..HashDigits]}";
    }

    /// <summary>The settings that are not as usual, in the order of their names: equal for equal cells only.</summary>
    public static string Canonical(Cell cell) =>
        new JsonObject(Describe(cell).Where(setting => !JsonNode.DeepEquals(setting.Value, Usual[setting.Key]))
            .OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => KeyValuePair.Create(setting.Key, setting.Value?.DeepClone()))).ToJsonString();

    private static JsonObject Describe(Cell cell) => JsonSerializer.SerializeToNode(cell, JsonSerializerOptions.Web)!.AsObject();
}
