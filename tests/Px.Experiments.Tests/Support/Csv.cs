using System.Text;

namespace Px.Experiments.Tests.Support;

/// <summary>Reads CSV by the grammar of RFC 4180, and nothing else.</summary>
internal static class Csv
{
    /// <summary>The rows as dictionaries from the header's names.</summary>
    public static List<Dictionary<string, string>> Read(string path)
    {
        var records = Records(File.ReadAllText(path)).ToList();
        records.Should().OnlyContain(record => record.Count == records[0].Count);
        return [.. records.Skip(1).Select(record => records[0].Zip(record).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    private static IEnumerable<List<string>> Records(string text)
    {
        var (at, record) = (0, new List<string>());
        while (at < text.Length)
        {
            var field = new StringBuilder();
            if (text[at] == '"')
            {
                for (at++; text[at] != '"' || (at + 1 < text.Length && text[at + 1] == '"'); at++)
                    field.Append(text[text[at] == '"' ? at++ : at]);
                at++;
            }
            else
            {
                for (; text[at] is not (',' or '\r'); at++)
                    field.Append(text[at] is '"' or '\n' ? throw new FormatException($"A bare {(int)text[at]} at {at}.") : text[at]);
            }

            record.Add(field.ToString());
            if (text[at] == ',')
            {
                at++;
                continue;
            }

            text.AsSpan(at, 2).ToString().Should().Be("\r\n");
            at += 2;
            yield return record;
            record = [];
        }
    }
}
