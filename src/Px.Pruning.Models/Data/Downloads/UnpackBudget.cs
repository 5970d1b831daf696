namespace Px.Pruning.Models.Data.Downloads;

// How many more bytes an archive may unpack to.
internal sealed class UnpackBudget(string archive, long maximum)
{
    // What an entry counts for beside its content: its header in a tar. Files without content are no way around the bound.
    internal const int Entry = 512;

    private long left = maximum;

    // Throws InvalidDataException if there is not so much left.
    internal void Take(long bytes, string name)
    {
        left -= bytes;
        if (left < 0)
            throw new InvalidDataException($"'{archive}' unpacks to more than it should: it stopped in '{PlainName.Printable(name)}'.");
    }
}
