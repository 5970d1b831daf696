using Px.Pruning.Masking;

namespace Px.Pruning.Analysis;

/// <summary>Compares masks over the same parameters in pairs, such as those of methods, seeds or rounds: over all weights and for each
/// parameter.</summary>
/// <remarks>
/// Methods that agree on the densities of layers also agree on weights by chance, and the more so the denser the layers are;
/// <see cref="MaskPair.ExpectedOverlap"/> is the share of chance. Holds no tensors.
/// </remarks>
/// <example><code>
/// using var snip = PruningMask.Load("snip.safetensors");
/// using var px = PruningMask.Load("px.safetensors");
/// Console.WriteLine(MaskComparison.Of([new("SNIP", snip), new("PX", px)]));
/// </code></example>
public sealed class MaskComparison
{
    private readonly MaskPair[,] all;
    private readonly Dictionary<string, MaskPair[,]> byParameter;

    private MaskComparison(string[] names, string[] parameters, MaskPair[,] all, Dictionary<string, MaskPair[,]> byParameter) =>
        (Names, Parameters, this.all, this.byParameter) = (names, parameters, all, byParameter);

    /// <summary>The masks' names, in the order in which they were given.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The parameters' names, in the order of the first mask.</summary>
    public IReadOnlyList<string> Parameters { get; }

    /// <summary>Gets the comparison of two masks over all weights.</summary>
    /// <param name="first">An index of <see cref="Names"/>.</param>
    /// <param name="second">An index of <see cref="Names"/>; the same for a mask with itself.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such mask.</exception>
    public MaskPair this[int first, int second] => all[first, second];

    /// <summary>Gets the comparison of two masks over the weights of one parameter.</summary>
    /// <param name="parameter">A name of <see cref="Parameters"/>.</param>
    /// <param name="first">An index of <see cref="Names"/>.</param>
    /// <param name="second">An index of <see cref="Names"/>; the same for a mask with itself.</param>
    /// <exception cref="KeyNotFoundException">There is no such parameter.</exception>
    /// <exception cref="IndexOutOfRangeException">There is no such mask.</exception>
    public MaskPair this[string parameter, int first, int second] => byParameter[parameter][first, second];

    /// <summary>Compares every pair of masks.</summary>
    /// <remarks><b>Cost:</b> one pass over both masks for each pair.</remarks>
    /// <param name="masks">Names with masks over the same parameters in the same shapes; left as they are.</param>
    /// <param name="cancellationToken">Checked between pairs.</param>
    /// <exception cref="ArgumentException">There is no mask, a name is null or appears twice, or masks have different parameters or shapes;
    /// the message lists them.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="masks"/> or a mask is null.</exception>
    /// <exception cref="ObjectDisposedException">A mask was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static MaskComparison Of(IEnumerable<KeyValuePair<string, PruningMask>> masks, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(masks);
        var given = masks.ToArray();
        if (given.Length == 0) throw new ArgumentException("There are no masks to compare.", nameof(masks));
        var names = new HashSet<string>();
        foreach (var (name, mask) in given)
        {
            if (name is null || !names.Add(name))
            {
                string found = name is null ? "null" : $"'{name}' more than once";
                throw new ArgumentException($"Each mask needs a name of its own; found {found}.", nameof(masks));
            }

            ArgumentNullException.ThrowIfNull(mask, nameof(masks));
            MaskMismatch.ThrowIfAny(given[0].Value, mask);
        }

        string[] parameters = [.. given[0].Value.Names];
        var byParameter = parameters.ToDictionary(name => name, _ => new MaskPair[given.Length, given.Length]);
        var all = new MaskPair[given.Length, given.Length];
        for (int i = 0; i < given.Length; i++)
        {
            for (int j = 0; j < given.Length; j++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                foreach (string name in parameters)
                    byParameter[name][i, j] = j < i ? Swapped(byParameter[name][j, i]) : Compare(given[i], given[j], name);
                all[i, j] = Sum([.. parameters.Select(name => byParameter[name][i, j])]);
            }
        }

        return new MaskComparison([.. given.Select(mask => mask.Key)], parameters, all, byParameter);
    }

    /// <summary>Returns readable tables: the overlap of every pair over all weights, and that of chance at the same layer densities.
    /// Invariant culture, lines end in <c>\n</c>.</summary>
    public override string ToString() => ComparisonText.Write(this);

    /// <summary>Returns a CSV table: a header, and for each pair of different masks a line for all weights, with an empty parameter, and
    /// one for each parameter. Invariant culture, lines end in <c>\n</c>.</summary>
    public string ToCsv() => ComparisonText.Csv(this);

    private static MaskPair Compare(KeyValuePair<string, PruningMask> a, KeyValuePair<string, PruningMask> b, string name)
    {
        long first = a.Value.KeptIn(name), second = b.Value.KeptIn(name), total = a.Value.TotalIn(name);
        double expected = total == 0 ? 0 : (double)first * second / total;
        return new MaskPair(a.Key, b.Key, first, second, total, MaskAlgebra.CountCommon(a.Value, b.Value, name), expected);
    }

    private static MaskPair Swapped(MaskPair pair) =>
        pair with { First = pair.Second, Second = pair.First, FirstKept = pair.SecondKept, SecondKept = pair.FirstKept };

    private static MaskPair Sum(MaskPair[] pairs) => new(
        pairs[0].First, pairs[0].Second, pairs.Sum(pair => pair.FirstKept), pairs.Sum(pair => pair.SecondKept),
        pairs.Sum(pair => pair.Total), pairs.Sum(pair => pair.Common), pairs.Sum(pair => pair.ExpectedCommon));
}

/// <summary>How much two masks agree, over all weights or over those of one parameter.</summary>
/// <param name="First">The name of the first mask.</param>
/// <param name="Second">The name of the second mask.</param>
/// <param name="FirstKept">Weights that the first mask keeps.</param>
/// <param name="SecondKept">Weights that the second mask keeps.</param>
/// <param name="Total">Weights in all.</param>
/// <param name="Common">Weights that both keep, in [0, min(FirstKept, SecondKept)].</param>
/// <param name="ExpectedCommon">Weights that two independent random masks both keep on average if they keep as many of each parameter as
/// these two: <c>Σ aₗ·bₗ/nₗ</c> over the parameters.</param>
public sealed record MaskPair(string First, string Second, long FirstKept, long SecondKept, long Total, long Common, double ExpectedCommon)
{
    /// <summary><c>|A ∩ B| / min(|A|, |B|)</c> in [0, 1], as <see cref="PruningMask.Overlap"/>.</summary>
    public double Overlap => MaskAlgebra.Overlap(Common, FirstKept, SecondKept);

    /// <summary><c>|A ∩ B| / |A ∪ B|</c> in [0, 1], as <see cref="PruningMask.Jaccard"/>.</summary>
    public double Jaccard => MaskAlgebra.Jaccard(Common, FirstKept, SecondKept);

    /// <summary>The mean <see cref="Overlap"/> of independent random masks with these layer densities, in [0, 1]. Only overlap above it is
    /// agreement on weights rather than on densities.</summary>
    public double ExpectedOverlap => MaskAlgebra.Overlap(ExpectedCommon, FirstKept, SecondKept);
}
