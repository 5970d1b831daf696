namespace Px.Pruning.Models.Data.Pipeline;

// An index from outside names an item: the one place that makes sure.
internal static class SampleIndex
{
    // ArgumentOutOfRangeException: There is no such item.
    public static int Check(long index, int[] indices) => index >= 0 && index < indices.Length
        ? indices[index]
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"The data set has the images 0 to {indices.Length - 1}.");
}
