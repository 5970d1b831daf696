using System.Globalization;

namespace Px.Runner.CommandLines;

/// <summary>What follows an option, read as what the option needs.</summary>
public sealed record Value(string Option, string Given)
{
    /// <summary>Any text but the empty one.</summary>
    public string Text => Given.Length > 0 ? Given : throw Wrong("must not be empty");

    /// <summary>A whole number from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Whole(int low, int high) =>
        int.TryParse(Given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= low && number <= high
            ? number
            : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {low} to {high}"));

    /// <summary>A finite number above 0.</summary>
    public double Positive() =>
        double.TryParse(Given, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 && double.IsFinite(number)
            ? number
            : throw Wrong("must be a number above 0, such as 0.1");

    /// <summary>A fraction in [0, 1), by default a sparsity.</summary>
    /// <param name="meaning">What it is a fraction of, for errors.</param>
    public double Fraction(string meaning = "weights to remove") =>
        double.TryParse(Given, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= 0 && number < 1
            ? number
            : throw Wrong($"must be the fraction of {meaning}, at least 0 and below 1, such as 0.9");

    /// <summary>One of a few words, in any case.</summary>
    public string OneOf(IReadOnlyList<string> words) =>
        words.FirstOrDefault(word => word.Equals(Given, StringComparison.OrdinalIgnoreCase)) ?? throw Wrong($"must be one of {string.Join(", ", words)}");

    /// <summary>Values with commas between them, none of them twice.</summary>
    public IReadOnlyList<T> List<T>(Func<Value, T> read)
    {
        var items = Given.Split(',').Select(item => read(this with { Given = item.Trim() })).ToList();
        return items.Distinct().Count() == items.Count ? items : throw Wrong("names something twice");
    }

    private UsageException Wrong(string rule) => new($"{Option} {rule}, not '{Given}'");
}
