using System.Runtime.CompilerServices;

namespace Px.Pruning;

internal static class Require
{
    // The value; ArgumentOutOfRangeException, with the property's name, where it is less.
    internal static T AtLeast<T>(T least, T value, [CallerMemberName] string property = "") where T : IComparable<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, property);
        return value;
    }
}
