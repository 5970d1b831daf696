using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Px.Samples;
using Px.Samples.Files;

namespace Px.Experiments.Results;

/// <summary>Results as JSON files, one a cell.</summary>
public static class ResultFile
{
    /// <summary>What the names of all result files end with.</summary>
    public const string Ending = ".result.json";

    /// <summary>How results are written: for people to read, too.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
    };

    /// <summary>Writes a result; a file of that name is replaced, and only once the new one is complete.</summary>
    public static void Write(string path, CellResult result) => WholeFile.WriteText(path, JsonSerializer.Serialize(result, Json));

    /// <summary>Reads a result.</summary>
    /// <exception cref="SampleException">Another version of this program wrote it.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or no result.</exception>
    public static CellResult Read(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            using (var document = JsonDocument.Parse(text))
            {
                if (document.RootElement.GetProperty("format").GetInt32() is var format && format != CellResult.CurrentFormat)
                    throw new SampleException($"'{path}' is of format {format}; this version reads and writes format {CellResult.CurrentFormat}. Use another folder.");
            }

            return JsonSerializer.Deserialize<CellResult>(text, Json)!;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"'{path}' is damaged, or no result of an experiment: {e.Message}", e);
        }
    }
}
