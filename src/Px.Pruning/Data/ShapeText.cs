namespace Px.Pruning.Data;

/// <summary>Shapes as messages write them: <c>[128, 3, 32, 32]</c>.</summary>
internal static class ShapeText
{
    public static string Of(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
