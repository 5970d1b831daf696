using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Px.Runner.Files;

namespace Px.Experiments.Results;

/// <summary>Files of one JSON object each, which carry their format's number and a checksum of what they say.</summary>
public static class JsonFile
{
    private const string Format = "format", Checksum = "checksum";

    /// <summary>How files are written: for people to read, too.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
    };

    /// <summary>Writes a file; one of that name is replaced, and only once the new one is complete.</summary>
    public static void Write<T>(string path, T value)
        where T : class
    {
        var json = JsonNode.Parse(JsonSerializer.Serialize(value, Options))!.AsObject();
        json[Checksum] = ChecksumOf(json);
        WholeFile.WriteText(path, json.ToJsonString(Options));
    }

    /// <summary>Reads a file. The checksum is verified where there is one: older files have none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">The format that this version reads.</param>
    /// <param name="format">The file's format.</param>
    /// <param name="problem">What is wrong with a value that was read; null where nothing is.</param>
    /// <returns>The value; null where the format is another.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or no such value.</exception>
    public static T? Read<T>(string path, int expected, out int format, Func<T, string?> problem)
        where T : class
    {
        try
        {
            var text = File.ReadAllText(path);
            var json = JsonNode.Parse(text)?.AsObject() ?? throw new InvalidDataException("it holds nothing.");
            format = json[Format]?.GetValue<int>() ?? throw new InvalidDataException("it does not say its format.");
            if (format != expected)
                return null;
            if (json.Remove(Checksum, out var written) && written?.GetValue<string>() != ChecksumOf(json))
                throw new InvalidDataException("what it says is not what was written, by its checksum.");
            var value = json.Deserialize<T>(Options)!;
            return problem(value) is { } wrong ? throw new InvalidDataException(wrong) : value;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException or InvalidDataException)
        {
            throw new InvalidDataException($"'{path}' is damaged, or no result of an experiment: {e.Message}", e);
        }
    }

    // Of what the file says, not of its bytes: people may indent it otherwise.
    private static string ChecksumOf(JsonObject json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json.ToJsonString())));
}
