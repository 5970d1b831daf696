namespace Px.Pruning;

/// <summary>How much of the data a method scores on. It is read once, so that every round sees the same samples.</summary>
public sealed record DataBudget
{
    private DataBudget() { }

    /// <summary>Every batch the data has, as it comes. Endless data is never done: give it a number of batches.</summary>
    public static DataBudget All { get; } = new();

    internal int? SamplesPerClass { get; private init; }

    internal int? BatchCount { get; private init; }

    /// <summary>
    /// The first <paramref name="samples"/> samples of each class in the order the data brings them; reading stops as soon as every class
    /// has its share. The samples are dealt out class by class, so that every scoring batch is as balanced as its size allows.
    /// </summary>
    /// <remarks>
    /// K, the number of classes, is the second dimension of the model's output [B, K, …]. Where targets are not one integer a sample
    /// (segmentation maps, regression), the first <c>samples × K</c> samples are taken as they come.
    /// A class with fewer samples keeps what there is, and the logger is told.
    /// </remarks>
    /// <param name="samples">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="samples"/> is below 1.</exception>
    public static DataBudget PerClass(int samples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        return new() { SamplesPerClass = samples };
    }

    /// <summary>The first <paramref name="count"/> batches, in the sizes the data brings them; where there are fewer, all.</summary>
    /// <param name="count">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public static DataBudget Batches(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new() { BatchCount = count };
    }

    /// <summary>For example <c>10 samples a class</c>.</summary>
    public override string ToString() => this switch
    {
        { SamplesPerClass: { } samples } => $"{samples} sample{(samples == 1 ? "" : "s")} a class",
        { BatchCount: { } count } => $"{count} batch{(count == 1 ? "" : "es")}",
        _ => "all batches",
    };
}
