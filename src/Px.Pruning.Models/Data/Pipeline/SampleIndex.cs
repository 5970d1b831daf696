namespace Px.Pruning.Models.Data.Pipeline;

// Checks that an index from outside names an item.
internal static class SampleIndex
{
    // Throws ArgumentOutOfRangeException if there is no such item.
    internal static int Check(long index, int[] indices) => index >= 0 && index < indices.Length
        ? indices[index]
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"The data set has the images 0 to {indices.Length - 1}.");
}
