namespace Px.Pruning;

/// <summary>How many samples or batches a method scores on. They are read once, so that every round sees the same ones.</summary>
/// <example><code>var options = new PruningOptions { Data = DataBudget.PerClass(10) };</code></example>
public sealed record DataBudget
{
    private DataBudget() { }

    /// <summary>Every batch of the data. For endless data use <see cref="Batches"/> instead.</summary>
    public static DataBudget All { get; } = new();

    internal int? SamplesPerClass { get; private init; }

    internal int? BatchCount { get; private init; }

    internal long Patience { get; private init; }

    /// <summary>
    /// The first <paramref name="samples"/> samples of each class in the data's order; reading stops once every class has them. Scoring
    /// batches take from each class in turn, so that each is as balanced as its size allows.
    /// </summary>
    /// <remarks>
    /// K, the number of classes, is the second dimension of the model's output [B, K, …]. Where targets are not one integer a sample
    /// (segmentation maps, regression), the first <c>samples × K</c> samples are taken in the data's order.
    /// A class with fewer samples contributes all of them, and a warning is logged.
    /// </remarks>
    /// <param name="samples">At least 1.</param>
    /// <param name="patience">
    /// After how many samples in a row without one that is still wanted reading is given up, with an <see cref="ArgumentException"/> that
    /// names the classes which are missing: at least 1. Default 1,000,000. The logger is told from a tenth of it on. Data that is known to
    /// end (a <c>DataLoader</c>, a list or another collection) or that ends sooner is read to its end, whatever is missing; any other
    /// sequence may be endless, and never show a class.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="samples"/> or <paramref name="patience"/> is below 1.</exception>
    public static DataBudget PerClass(int samples, long patience = 1_000_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(patience, 1);
        return new() { SamplesPerClass = samples, Patience = patience };
    }

    /// <summary>
    /// The first <paramref name="count"/> batches in their own sizes, or all of them where there are fewer. A last batch of a single sample
    /// joins the one before.
    /// </summary>
    /// <param name="count">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public static DataBudget Batches(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new() { BatchCount = count };
    }

    /// <summary>The budget in words, for example <c>10 samples a class</c>.</summary>
    public override string ToString() => this switch
    {
        { SamplesPerClass: { } samples } => $"{samples} sample{(samples == 1 ? "" : "s")} a class",
        { BatchCount: { } count } => $"{count} batch{(count == 1 ? "" : "es")}",
        _ => "all batches",
    };
}
