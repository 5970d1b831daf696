using System.Globalization;

using TorchSharp.Native;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Native;

/// <summary>What a call from C# costs beside libtorch's own, in time and in memory.</summary>
public sealed class CostTests
{
    private const double AllowedMicroseconds = 1.5;

    [Fact]
    public void Add_OfFourElements_CostsLittleMoreThanLibtorchsOwn()
    {
        using var a = ones(4);
        using var b = ones(4);
        const int count = 20_000;
        var over = Enumerable.Range(0, 20).Min(_ => Managed() - Native()); // the first rounds are slower (compiled in tiers), and others share the machine
        over.Should().BeLessThan(AllowedMicroseconds);

        double Managed() => ProcessorMicroseconds(() =>
        {
            for (var i = 0; i < count; i++) a.add(b).Dispose();
        }) / count;

        double Native() => ProcessorMicroseconds(() => NativeMethods.px_benchmark_add(a.Handle, b.Handle, count).Should().Be(0)) / count;
    }

    [Fact]
    public void Calls_AMillionTimes_LeaveMemoryWhereItWas()
    {
        using var a = ones(64);
        Rounds(50_000);
        var before = ResidentMegabytes();
        Rounds(1_000_000);
        (ResidentMegabytes() - before).Should().BeLessThan(20); // one leaked handle a round would be 30 MB and more, one tensor 500

        void Rounds(int count)
        {
            for (var i = 0; i < count / 100; i++)
            {
                using var scope = NewDisposeScope();
                for (var j = 0; j < 100; j++) _ = a + 1;
            }
        }
    }

    [Fact]
    public void Failures_ManyTimes_LeaveMemoryWhereItWas()
    {
        using var a = ones(64);
        Rounds(200);
        var before = ResidentMegabytes();
        Rounds(2_000);
        (ResidentMegabytes() - before).Should().BeLessThan(20);

        void Rounds(int count)
        {
            for (var i = 0; i < count; i++) ((Action)(() => a.view(3))).Should().Throw<Exception>();
        }
    }

    /// <summary>Of all threads, so that garbage collection and finalizers count, and waiting for a processor does not.</summary>
    private static double ProcessorMicroseconds(Action action)
    {
        var before = Environment.CpuUsage.TotalTime;
        action();
        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds;
    }

    private static double ResidentMegabytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var line = File.ReadLines("/proc/self/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
