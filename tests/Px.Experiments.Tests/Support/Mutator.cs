using System.Text.Json.Nodes;

namespace Px.Experiments.Tests.Support;

/// <summary>Breaks files in ways that a seed decides.</summary>
internal sealed class Mutator(int seed)
{
    // The writer refuses lone surrogates: they are put in afterwards.
    private const string LoneSurrogate = "lone surrogate";

    private static readonly string[] Values =
    [
        "null", "[]", "{}", "[null]", "[[]]", "{\"a\":null}", "true", "\"\"", "\"text\"", "\"NaN\"", "\"Infinity\"", "\"..\"", "\"/\"", "\"\\u0000\"", $"\"{LoneSurrogate}\"", "\"\\\"><script>\"",
        "0", "-1", "1", "0.5", "1e-320", "1e308", "-1e308", "1e999", "2147483648", "9223372036854775807", "-9223372036854775808", "1e15", "123456789012345678901234567890",
    ];

    private readonly Random random = new(seed);

    /// <summary>Bytes flipped, cut off, inserted, or all other.</summary>
    public byte[] Bytes(byte[] bytes)
    {
        switch (random.Next(5))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                var flipped = bytes.ToArray();
                for (var i = random.Next(1, 4); i > 0; i--)
                    flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 2:
                var at = random.Next(bytes.Length);
                return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
            case 3:
                var junk = new byte[random.Next(400)];
                random.NextBytes(junk);
                return junk;
            default:
                var zeroed = bytes.ToArray();
                Array.Clear(zeroed, random.Next(zeroed.Length), 1);
                return zeroed;
        }
    }

    /// <summary>JSON of which some values are others, or gone, and which claims no checksum that would give it away.</summary>
    public string Json(string text)
    {
        var root = JsonNode.Parse(text)!.AsObject();
        root.Remove("checksum");
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var nodes = All(root).ToList();
            var (parent, key, index) = nodes[random.Next(nodes.Count)];
            var value = JsonNode.Parse(Values[random.Next(Values.Length)]);
            switch (parent)
            {
                case JsonObject properties when random.Next(6) == 0:
                    properties.Remove(key!);
                    break;
                case JsonObject properties:
                    properties[key!] = value;
                    break;
                case JsonArray items when random.Next(6) == 0:
                    items.RemoveAt(index);
                    break;
                case JsonArray items:
                    items[index] = value;
                    break;
            }
        }

        return WithLoneSurrogates(root.ToJsonString());
    }

    /// <summary>Half a character for every text that says so.</summary>
    public static string WithLoneSurrogates(string json) => json.Replace(LoneSurrogate, "\\ud800", StringComparison.Ordinal);

    public int Next(int below) => random.Next(below);

    private static IEnumerable<(JsonNode Parent, string? Key, int Index)> All(JsonNode? node) => node switch
    {
        JsonObject properties => properties.SelectMany(pair => All(pair.Value).Prepend((properties, pair.Key, -1))),
        JsonArray items => items.SelectMany((item, i) => All(item).Prepend((items, null, i))),
        _ => [],
    };
}
