namespace Px.Pruning.Models.Data;

// Checks that every label names a class.
internal static class LabelCheck
{
    // Throws InvalidDataException if a label is not below classes.
    internal static void Require(ReadOnlySpan<byte> labels, int classes, string path)
    {
        var bad = labels.IndexOfAnyExceptInRange((byte)0, (byte)(classes - 1));
        if (bad >= 0)
        {
            throw new InvalidDataException($"'{path}': image {bad} has the label {labels[bad]}, and there are only the classes 0 to "
                + $"{classes - 1}. The file is damaged or of another data set.");
        }
    }
}
