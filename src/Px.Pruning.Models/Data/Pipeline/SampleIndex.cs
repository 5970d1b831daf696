namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>An index from outside names an item: the one place that makes sure.</summary>
internal static class SampleIndex
{
    /// <returns>The number of the item's picture in its source.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public static int Check(long index, int[] indices) => index >= 0 && index < indices.Length
        ? indices[index]
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"The data set has the images 0 to {indices.Length - 1}.");
}
