using System.Globalization;

namespace Px.Runner.Display;

/// <summary>Times as people read them.</summary>
public static class Durations
{
    /// <summary>Minutes and seconds, hours where there are any: <c>0:42</c>, <c>12:05</c>, <c>1:00:00</c>.</summary>
    public static string Clock(TimeSpan time)
    {
        var seconds = (long)Math.Ceiling(time.TotalSeconds);
        var (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        return hours > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{hours}:{minutes:D2}:{seconds % 60:D2}")
            : string.Create(CultureInfo.InvariantCulture, $"{minutes}:{seconds % 60:D2}");
    }

    /// <summary>Seconds with one decimal: <c>3.4 s</c>.</summary>
    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");
}
