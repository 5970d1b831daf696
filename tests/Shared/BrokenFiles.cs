using System.Text;

namespace Px.Tests.Shared;

/// <summary>Broken files from a seed: mutations of whole ones, and safetensors files put together from right and wrong parts.</summary>
internal sealed class BrokenFiles(int seed)
{
    private static readonly string[] texts =
    [
        "\"a\"", "\"b.weight\"", "\"\"", "\"__metadata__\"", "\"\\ud800\"", "\"x\\udc00y\"", "\"\\ud83d\\ude00\"", "\"\\u0000\"", "\"\u00ff\"", "\"px-sha256\"",
        "\"completed\"", "\"seed\"", "\"12\"", "null", "7", "\"dtype\"",
    ];

    private static readonly string[] types = ["\"BOOL\"", "\"U8\"", "\"BOOL\"", "\"F32\"", "\"F4\"", "\"F8_E4M3\"", "\"\\ud800\"", "\"BO\\udfffOL\"", "\"\"", "3", "[]"];

    private static readonly string[] fields = ["\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"other\"", "\"\\ud800\"", "\"dtype\\udc00\""];

    private static readonly string[] numbers =
        ["0", "1", "2", "3", "4", "6", "-1", "1.5", "1e3", "9223372036854775807", "9223372036854775808", "4294967296", "\"2\"", "null", "[1]", "{}"];

    private readonly Random random = new(seed);

    /// <summary>How many broken files of each format a test reads: the environment variable <c>PX_SOAK_MUTATIONS</c>, or 1,500.</summary>
    public static int Count { get; } = SoakSize.Of("PX_SOAK_MUTATIONS", 1500);

    /// <summary>One to three changes: of bits, bytes and characters of JSON; bytes removed, repeated, inserted; the end cut off.</summary>
    public byte[] Mutate(byte[] whole)
    {
        var file = whole.ToList();
        for (int changes = random.Next(1, 4); changes > 0 && file.Count > 0; changes--)
        {
            // Every other one near the beginning, where headers are.
            int at = random.Next(random.Next(2) == 0 ? Math.Min(file.Count, 64) : file.Count);
            switch (random.Next(8))
            {
                case 0 or 1: file[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: file[at] = (byte)random.Next(256); break;
                case 3: file[at] = (byte)"0123456789-[]{},:\"\\ \n\t"[random.Next(22)]; break;
                case 4: file.RemoveRange(at, Math.Min(random.Next(1, 12), file.Count - at)); break;
                case 5: file.InsertRange(at, file.GetRange(at, Math.Min(random.Next(1, 40), file.Count - at))); break;
                case 6: file.InsertRange(at, Encoding.Latin1.GetBytes(Pick(texts))); break;
                default: file.RemoveRange(at, file.Count - at); break;
            }
        }

        return [.. file];
    }

    /// <summary>A safetensors file with a header of its own, which is right about half of the time, and data that often fits it.</summary>
    public byte[] Safetensors()
    {
        var entries = new List<string>();
        int end = 0;
        for (int count = random.Next(5); count > 0; count--)
        {
            entries.Add(Rarely() ? $"{Pick(texts)}:{{{Pick(texts)}:{Pick(texts)}}}" : Rarely() ? $"\"__metadata__\":{{{Pick(texts)}:{Pick(texts)}}}" : Entry(ref end));
        }

        string header = $"{{{string.Join(Rarely() ? ",," : ",", entries)}}}";
        if (Rarely()) header = header.Insert(random.Next(header.Length), new string('[', random.Next(1, 200)));
        byte[] json = Rarely() ? Encoding.Latin1.GetBytes(header) : Encoding.UTF8.GetBytes(header);
        byte[] data = new byte[Math.Max(0, end + (Rarely() ? random.Next(-3, 4) : 0))];
        if (Rarely()) random.NextBytes(data);
        long length = !Rarely() ? json.Length : random.Next(3) switch { 0 => long.MaxValue, 1 => -1, _ => json.Length + random.Next(-9, 9) };
        return [.. BitConverter.GetBytes(length), .. json, .. data];
    }

    private string Entry(ref int end)
    {
        int begin = end;
        end += random.Next(5);
        string shape = Rarely() ? $"[{Pick(numbers)},{Pick(numbers)}]" : $"[{end - begin}]";
        string offsets = Rarely() ? $"[{Pick(numbers)},{Pick(numbers)}]" : $"[{begin},{end}]";
        string[] parts =
        [
            $"{(Rarely() ? Pick(fields) : "\"dtype\"")}:{(Rarely() ? Pick(types) : "\"BOOL\"")}",
            $"{(Rarely() ? Pick(fields) : "\"shape\"")}:{shape}",
            $"{(Rarely() ? Pick(fields) : "\"data_offsets\"")}:{offsets}",
        ];
        return $"{(Rarely() ? Pick(texts) : $"\"t{begin}-{end}-{random.Next(100)}\"")}:{{{string.Join(',', parts)}}}";
    }

    private bool Rarely() => random.Next(12) == 0;

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];
}
