namespace Px.Pruning.Models.Data;

// Every label names a class: the one place that makes sure.
internal static class LabelCheck
{
    // InvalidDataException: A label is not below classes.
    public static void Require(ReadOnlySpan<byte> labels, int classes, string path)
    {
        var bad = labels.IndexOfAnyExceptInRange((byte)0, (byte)(classes - 1));
        if (bad >= 0)
            throw new InvalidDataException($"'{path}': image {bad} has the label {labels[bad]}, and there are only the classes 0 to "
                + $"{classes - 1}. The file is damaged or of another data set.");
    }
}
