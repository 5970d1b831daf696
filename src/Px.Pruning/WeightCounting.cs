namespace Px.Pruning;

/// <summary>How a density d becomes a whole number out of N weights.</summary>
/// <remarks>
/// The two numbers are the same or differ by one. One weight more or less in the first round changes the scores of all later rounds, so
/// that the masks of public codes are repeated weight for weight only with the rule that these codes have.
/// <para>
/// <b>Deviation:</b> those codes also remove every weight whose score equals the largest score removed; here the number is exact whatever
/// the scores.
/// </para>
/// </remarks>
public enum WeightCounting
{
    /// <summary><c>round(d · N)</c> are kept, halves away from zero. The default.</summary>
    Rounded,

    /// <summary>
    /// <c>⌊(1 − d) · N⌋</c> are removed, computed in float64: the number to remove is truncated, as the public codes of SynFlow, NTK-SAP
    /// and PX have it.
    /// </summary>
    Truncated,
}
