using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Checkpoints;
using Px.Pruning.Models.StateDicts.Pickle;
using Px.Pruning.Models.Tests.Support;

namespace Px.Pruning.Models.Tests.StateDicts.Pickle;

/// <summary>Values out of pickles, written as text: tuples in parentheses, lists and sets in brackets, dictionaries in braces, bytes as hexadecimal digits.</summary>
public sealed class UnpicklerTests
{
    private static readonly Dictionary<string, string> Reference =
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", "pickles.json")))!;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Load_WhatPythonPickled_IsTheSameInEveryProtocol(int protocol)
    {
        var read = (PickleDictionary)Load(Convert.FromHexString(Reference[protocol.ToString(CultureInfo.InvariantCulture)]))!;
        read.Entries.ToDictionary(entry => entry.Key, entry => Show(entry.Value)).Should().Equal(new Dictionary<string, string>
        {
            ["text"] = "'naïve ✓ 😀\n\\ 'quoted' \"twice\"'",
            ["long"] = $"'{new string('y', 300)}'",
            ["shared"] = "[['x'], ['x']]",
            ["ints"] = "[0, 1, 255, 256, 65535, 65536, -1, 2147483648, -2147483649, 9223372036854775807, -9223372036854775808, 9223372036854775808!, 1267650600228229401496703205376!, -1267650600228229401496703205376!]",
            ["floats"] = "[0.0, -1.5, 1E+300.0, Infinity.0, -Infinity.0, NaN.0]",
            ["truth"] = "[True, False, None]",
            ["bytes"] = $"[x, x00FF6162, x{string.Concat(Enumerable.Repeat("7A", 300))}, x, x8062]",
            ["empty"] = "[(), [], {}, [], []]",
            ["tuples"] = "[(1), (1, 2), (1, 2, 3), (1, 2, 3, 4)]",
            ["set"] = "[7]",
            ["frozen"] = "[8]",
            ["complex"] = "(1.0, 2.0)",
            ["ordered"] = "{b: 1, a: 2}",
        });
        var shared = (List<object?>)read.Entries.Single(entry => entry.Key == "shared").Value!;
        shared[0].Should().BeSameAs(shared[1]);
    }

    [Theory]
    [InlineData(@"U\x03abc.", "'abc'")]
    [InlineData(@"U\x03a\xffc.", "x61FF63")] // Python 2 knew no encoding
    [InlineData(@"T\x02\x00\x00\x00\xc3\xa9.", "'é'")]
    [InlineData("S'a\\x41\\n\\\\'\n.", "'aA\n\\'")]
    [InlineData("S\"it's\"\n.", "'it's'")]
    [InlineData("V\\u20ac\\U0001f600\\n\n.", "'€😀\\n'")]
    [InlineData("I01\n.", "True")]
    [InlineData("I00\n.", "False")]
    [InlineData("I-12\n.", "-12")]
    [InlineData("L12L\n.", "12")]
    [InlineData(@"\x8a\x00.", "0")]
    [InlineData(@"\x8a\x01\xff.", "-1")]
    [InlineData(@"(K\x01K\x021K\x03.", "3")] // what a mark held is gone
    [InlineData(@"(K\x0100K\x03.", "3")] // value, then mark
    [InlineData(@"K\x01K\x020.", "1")]
    [InlineData(@"}U\x01aK\x01sU\x01aK\x02s.", "{a: 2}")] // the last one counts
    [InlineData(@"(U\x01aK\x01d.", "{a: 1}")]
    [InlineData(@"]K\x01aK\x02a.", "[1, 2]")]
    [InlineData(@"K\x05q\x030h\x03.", "5")] // memos need not be dense
    [InlineData("ccollections\nOrderedDict\n](](U\\x01aK\\x01e](U\\x01bK\\x02ee\\x85R}U\\x09_metadataNsb.", "{a: 1, b: 2}")] // Python 2
    [InlineData("ctorch\nSize\nK\\x01K\\x02\\x86\\x85R.", "(1, 2)")]
    [InlineData("ctorch\nbfloat16\n.", "'torch.bfloat16'")]
    [InlineData("(c__builtin__\nset\n]K\\x01ao.", "[1]")]
    [InlineData("(]K\\x01ai__builtin__\nset\n.", "[1]")]
    [InlineData("cbuiltins\nset\n]\\x85}\\x92.", "[]")]
    public void Load_OneInstruction_DoesWhatPythonDoes(string pickle, string expected) => Show(Load(CheckpointBytes.Python(pickle))).Should().Be(expected);

    [Theory]
    [InlineData("cm\nC\n)\\x81}b.")]
    [InlineData("cm\nC\n(K\\x01e.")]
    [InlineData("cm\nC\n(K\\x01K\\x02u.")]
    [InlineData("cm\nC\n)}\\x92.")]
    [InlineData("(K\\x01im\nC\n.")]
    [InlineData("(cm\nC\nK\\x01o.")]
    public void Load_WhatAnUnknownClassMakes_IsOpaqueWhereThatIsAllowed(string pickle) =>
        Load(CheckpointBytes.Python(pickle), allowUnknown: true).Should().Be(new PickleOpaque("m.C"));

    private static object? Load(byte[] pickle, bool allowUnknown = false)
    {
        var budget = new MemoryBudget(pickle.Length, 2, "");
        return Unpickler.Load(new PickleReader(new MemoryStream(pickle), pickle.Length, budget), new TorchWorld(allowUnknown, budget), budget);
    }

    private static string Show(object? value) => value switch
    {
        null => "None",
        bool truth => truth ? "True" : "False",
        string text => $"'{text}'",
        byte[] bytes => "x" + Convert.ToHexString(bytes),
        long number => number.ToString(CultureInfo.InvariantCulture),
        BigInteger number => number.ToString(CultureInfo.InvariantCulture) + "!",
        double number => number.ToString(CultureInfo.InvariantCulture) + (number == Math.Truncate(number) || !double.IsFinite(number) ? ".0" : ""),
        object?[] items => $"({string.Join(", ", items.Select(Show))})",
        List<object?> items => $"[{string.Join(", ", items.Select(Show))}]",
        PickleDictionary dictionary => $"{{{string.Join(", ", dictionary.Entries.Select(entry => $"{entry.Key}: {Show(entry.Value)}"))}}}",
        _ => value.ToString()!,
    };
}
