using System.Text.Json;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>What the scripts in <c>Reference/</c> wrote down of a network.</summary>
internal static class ReferenceAnswers
{
    public static JsonElement Read(string file) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reference", file))).RootElement;

    /// <summary>Every n-th element of the output, to <paramref name="tolerance"/> of its largest.</summary>
    public static void ShouldAnswer(this Tensor output, JsonElement answer, double tolerance = 1e-5)
    {
        output.shape.Should().Equal(Longs(answer.GetProperty("shape")));
        var (step, found) = (answer.GetProperty("step").GetInt32(), output.Floats());
        var expected = answer.GetProperty("values").EnumerateArray().Select(value => value.GetDouble()).ToArray();
        expected.Should().HaveCount((found.Length + step - 1) / step);
        var largest = answer.GetProperty("largest").GetDouble();
        for (var i = 0; i < expected.Length; i++)
            ((double)found[i * step]).Should().BeApproximately(expected[i], tolerance * largest, $"of element {i * step}");
    }

    /// <summary>The names and shapes of a state dict without counters of batches, which a script need not have.</summary>
    public static void ShouldHaveShapes(this IEnumerable<KeyValuePair<string, Tensor>> tensors, JsonElement shapes)
    {
        var expected = shapes.EnumerateObject().ToDictionary(shape => shape.Name, shape => string.Join(',', Longs(shape.Value)));
        tensors.Where(pair => pair.Value.is_floating_point()).ToDictionary(pair => pair.Key, pair => string.Join(',', pair.Value.shape)).Should().BeEquivalentTo(expected);
    }

    private static long[] Longs(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt64())];
}
