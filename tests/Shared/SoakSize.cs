using System.Globalization;

namespace Px.Tests.Shared;

/// <summary>How much a generator makes: little in the tests of every day, more under <c>./build.sh soak</c>, which sets environment variables.</summary>
internal static class SoakSize
{
    /// <summary>The number that a variable holds; what is usual where it is not set.</summary>
    public static int Of(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : usual;
}
