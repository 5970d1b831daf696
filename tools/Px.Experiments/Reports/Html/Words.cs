using System.Globalization;

namespace Px.Experiments.Reports.Html;

/// <summary>Numbers as people read them, and lists of names.</summary>
public static class Words
{
    private const string Minus = "−", None = "–";

    /// <summary>A fraction as percent with two decimals: <c>84.22 %</c>.</summary>
    public static string Percent(double fraction) => Text($"{100 * fraction:F2} %");

    /// <summary>A sparsity or density as percent with as many decimals as it has, two at most: <c>98.2 %</c>.</summary>
    public static string Share(double fraction) => Text($"{100 * fraction:0.##} %");

    /// <summary>A mean with its spread, where there is one: <c>84.22 ± 0.31 %</c>.</summary>
    public static string Percent(double mean, double? deviation) => deviation is { } spread ? Text($"{100 * mean:F2} ± {100 * spread:F2} %") : Percent(mean);

    /// <summary>A difference of fractions in percentage points: <c>+0.31</c>, <c>−1.20 ± 0.40</c>.</summary>
    public static string Points(double mean, double? deviation = null) =>
        deviation is { } spread ? Text($"{Signed(mean)} ± {100 * spread:F2}") : Signed(mean);

    /// <summary>How far apart fractions are, in percentage points without a sign: <c>0.31</c>.</summary>
    public static string Distance(double difference) => Text($"{100 * Math.Abs(difference):F2}");

    /// <summary>A number with three significant digits, in exponential notation where it is very large or small.</summary>
    public static string Number(double value)
    {
        if (value == 0 || !double.IsFinite(value))
            return Text($"{value}");
        var decimals = 2 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        var text = decimals is < -3 or > 5 ? Text($"{value:0.00e+0}") : Math.Round(value, Math.Max(decimals, 0)).ToString($"N{Math.Max(decimals, 0)}", CultureInfo.InvariantCulture);
        return text.Replace("-", Minus, StringComparison.Ordinal);
    }

    /// <summary>Seconds: <c>0.0031 s</c>, <c>12.3 s</c>.</summary>
    public static string Seconds(double seconds) => seconds >= 100 ? Text($"{seconds:N0} s") : $"{Number(seconds)} s";

    /// <summary>A count with thousands separated.</summary>
    public static string Count(long value) => Text($"{value:N0}");

    /// <summary>A count that may be a mean: <c>12</c>, <c>12.5</c>.</summary>
    public static string Count(double value) => Text($"{value:#,0.#}");

    /// <summary>A count with its noun: <c>1 seed</c>, <c>2 seeds</c>.</summary>
    public static string Count(long value, string noun) => value == 1 ? $"1 {noun}" : $"{Count(value)} {noun}s";

    /// <summary>The value so that reading it back gives the same bits.</summary>
    public static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The value as exactly as sorting needs it.</summary>
    public static string Sortable(double value) => value.ToString("G7", CultureInfo.InvariantCulture);

    /// <summary><c>a</c>, <c>a and b</c>, <c>a, b and c</c>.</summary>
    public static string List(IReadOnlyList<string> names) => names.Count switch
    {
        0 => None,
        1 => names[0],
        _ => $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}",
    };

    private static string Signed(double fraction)
    {
        var text = Text($"{100 * Math.Abs(fraction):F2}");
        return text.All(c => c is '0' or '.') ? text : (fraction < 0 ? Minus : "+") + text;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
