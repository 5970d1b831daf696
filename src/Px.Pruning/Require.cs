using System.Runtime.CompilerServices;

namespace Px.Pruning;

// Checks for init accessors. Each returns the value, or throws ArgumentOutOfRangeException with the property's name.
internal static class Require
{
    internal static T AtLeast<T>(T least, T value, [CallerMemberName] string property = "") where T : IComparable<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, property);
        return value;
    }

    internal static double PositiveFinite(string what, double value, [CallerMemberName] string property = "") =>
        value > 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(property, value, $"{what} is positive and finite.");

    internal static double NotNegative(string what, double value, [CallerMemberName] string property = "") =>
        value >= 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(property, value, $"{what} is at least 0 and finite.");

    internal static T Defined<T>(T value, string message, [CallerMemberName] string property = "") where T : struct, Enum =>
        Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(property, value, message);
}
