using System.Runtime.CompilerServices;

namespace Px.Pruning;

internal static class Require
{
    // Returns the value, for use in an init accessor.
    internal static T AtLeast<T>(T least, T value, [CallerMemberName] string property = "") where T : IComparable<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, property);
        return value;
    }
}
