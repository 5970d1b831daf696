using System.Globalization;

namespace Px.Benchmarks.Comparison;

/// <summary>Processor time and page faults of a process, as Linux counts them.</summary>
/// <param name="Seconds">On any processor, in user and kernel mode, to a hundredth: unlike the time of day it hardly knows of neighbours.</param>
/// <param name="Faults">Pages that the kernel had to provide.</param>
internal readonly record struct ProcessUsage(double Seconds, double Faults)
{
    private const double TicksPerSecond = 100;

    public static ProcessUsage operator -(ProcessUsage later, ProcessUsage earlier) => new(later.Seconds - earlier.Seconds, later.Faults - earlier.Faults);

    internal static ProcessUsage Of(int process)
    {
        // Fields are counted from the state, the third, as the second is a name that may have spaces: man 5 proc.
        string status = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
        string[] fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
        double Field(int number) => double.Parse(fields[number - 3], CultureInfo.InvariantCulture);
        return new((Field(14) + Field(15)) / TicksPerSecond, Field(10));
    }
}
