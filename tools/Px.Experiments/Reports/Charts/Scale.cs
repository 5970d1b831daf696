using Px.Experiments.Reports.Html;

namespace Px.Experiments.Reports.Charts;

/// <summary>Where values lie along an axis, 0 at its beginning and 1 at its end, and which of them are written beside it.</summary>
public sealed class Scale
{
    private const double PressedPart = 0.22;

    private readonly Func<double, double> transform;
    private readonly double low, high;

    private Scale(Func<double, double> transform, double low, double high, IEnumerable<(double Value, string Text)> ticks)
    {
        (this.transform, this.low, this.high) = (transform, low, high);
        Ticks = [.. ticks.Select(tick => new Tick(At(tick.Value), tick.Text)).Where(tick => tick.At is >= -1e-9 and <= 1 + 1e-9)];
    }

    public IReadOnlyList<Tick> Ticks { get; }

    /// <summary>The part of the axis, at its beginning, in which values are pressed together; 0 for none.</summary>
    public double Pressed { get; private init; }

    /// <summary>Where a value lies: outside [0, 1] where the axis does not reach it.</summary>
    public double At(double value) => (transform(value) - low) / (high - low);

    /// <summary>Equal steps for equal differences, with ticks at round numbers.</summary>
    /// <param name="from">The least value to be shown.</param>
    /// <param name="to">The largest.</param>
    /// <param name="text">How a tick is written.</param>
    /// <param name="ticks">About how many there are.</param>
    public static Scale Linear(double from, double to, Func<double, string> text, int ticks = 5)
    {
        if (!(to - from > 1e-9 * Math.Max(Math.Abs(from), Math.Abs(to))))
            (from, to) = (from - 0.005, to + 0.005);
        var step = RoundStep((to - from) / ticks);
        var (first, last) = (Math.Floor(from / step), Math.Ceiling(to / step));
        var values = Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step);
        return new Scale(value => value, first * step, last * step, values.Select(value => (value, text(value))));
    }

    /// <summary>As <see cref="Linear"/> from about <paramref name="bend"/> on; all from 0 to there is pressed into the beginning of the axis.</summary>
    /// <param name="bend">Where the even part begins, above 0; rounded down to a tick.</param>
    /// <param name="to">The largest value to be shown, above <paramref name="bend"/>.</param>
    /// <param name="text">How a tick is written.</param>
    /// <param name="ticks">About how many there are in the even part.</param>
    public static Scale Bent(double bend, double to, Func<double, string> text, int ticks = 5)
    {
        var step = RoundStep((to - bend) / ticks);
        var (first, last) = ((int)Math.Floor(bend / step), (int)Math.Ceiling(to / step));
        if (first < 1)
            return Linear(0, to, text, ticks);
        var (low, high) = (first * step, last * step);
        var values = Enumerable.Range(first, last - first + 1).Select(i => i * step).Prepend(0);
        return new Scale(
            value => value < low ? PressedPart * value / low : PressedPart + ((1 - PressedPart) * (value - low) / (high - low)), 0, 1,
            values.Select(value => (value, text(value)))) { Pressed = PressedPart };
    }

    /// <summary>Equal steps for equal factors, with ticks at powers of ten.</summary>
    /// <param name="from">The least value to be shown, above 0.</param>
    /// <param name="to">The largest.</param>
    /// <param name="most">The most ticks.</param>
    public static Scale Log(double from, double to, int most = 6)
    {
        var (first, last) = ((int)Math.Floor(Math.Log10(from)), (int)Math.Ceiling(Math.Log10(to)));
        last = Math.Max(last, first + 1);
        var every = ((last - first) / most) + 1;
        var powers = Enumerable.Range(first, last - first + 1).Where(power => (power - first) % every == 0);
        return new Scale(Math.Log10, first, last, powers.Select(power => (Math.Pow(10, power), PowerOfTen(power))));
    }

    /// <summary>Ticks at the values given, whose distances are those of <paramref name="transform"/>, with some room at the ends.</summary>
    public static Scale At(IReadOnlyList<double> values, Func<double, double> transform, Func<double, string> text)
    {
        var (from, to) = (values.Min(transform), values.Max(transform));
        var room = to > from ? 0.04 * (to - from) : 1;
        return new Scale(transform, from - room, to + room, values.Select(value => (value, text(value))));
    }

    /// <summary>
    /// From where an axis is worth its room: most methods lie close together, some far below. Far below is what lies further below the best than
    /// three times the middle one.
    /// </summary>
    /// <param name="means">What is to be compared, at least one.</param>
    public static double Floor(IEnumerable<double> means)
    {
        var sorted = means.OrderDescending().ToList();
        return sorted[0] - (3 * Math.Max(sorted[0] - sorted[sorted.Count / 2], 0.01));
    }

    private static string PowerOfTen(int power) => power is >= -2 and <= 3 ? Words.Exact(Math.Pow(10, power)) : $"10{string.Concat(FormattableString.Invariant($"{power}").Select(Superscript))}";

    private static char Superscript(char c) => c switch { '-' => '⁻', '1' => '¹', '2' => '²', '3' => '³', _ => (char)('⁰' + (c - '0')) };

    private static double RoundStep(double step)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        return power * (new[] { 1.0, 2, 5, 10 }).First(factor => factor * power >= step * 0.999);
    }
}
