namespace Px.Pruning.Models.Data;

/// <summary>What the classes in an image list mean. The defaults fit lists that name classes, and lists that number them from 0.</summary>
public sealed record ImageListOptions
{
    /// <summary>
    /// The data set's classes by label, such as the <see cref="ImageDataset.ClassNames"/> of the training images. Null, the default, for
    /// those that the list names, in ordinal order; where it has numbers, for <see cref="NumberedClasses"/>, or the numbers from 0 on.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>
    /// The names of the classes that the list numbers, from <see cref="FirstNumber"/> on: ImageNet's development kit numbers them in an
    /// order of its own. Null, the default, where numbers are labels or the list has names.
    /// </summary>
    public IReadOnlyList<string>? NumberedClasses { get; init; }

    /// <summary>The number of the first class in a list of numbers, 0 or 1: ImageNet's development kit begins with 1. 0 by
    /// default.</summary>
    public int FirstNumber { get; init; }

    internal void Validate()
    {
        if (FirstNumber is < 0 or > 1)
            throw new ArgumentOutOfRangeException(nameof(FirstNumber), FirstNumber, "Lists count classes from 0 or from 1.");
        foreach (var names in (IReadOnlyList<string>?[])[ClassNames, NumberedClasses])
        {
            if (names is not null && (names.Count == 0 || names.Distinct(StringComparer.Ordinal).Count() != names.Count))
                throw new ArgumentException("ClassNames and NumberedClasses must have at least one name, and each name once.");
        }
    }
}
