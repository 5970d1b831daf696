using System.Diagnostics;
using System.Globalization;

namespace Px.GpuCheck;

/// <summary>The program: runs checks in another process, or is that process.</summary>
public static class App
{
    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token)
    {
        var set = AppOptions.Define();
        var failed = 0;
        var exitCode = new SampleProgram("gpu-check", () => $"Checks that everything works on a device, and alike on the CPU.\n\n{set.Describe()}")
            .Run(arguments, terminal, () => failed = Run(set.Parse(arguments), terminal, token), token);
        return exitCode == ExitCode.Done && failed > 0 ? ExitCode.Failed : exitCode;
    }

    private static int Run(AppOptions options, Terminal terminal, CancellationToken token)
    {
        if (options.Lists)
        {
            foreach (var check in options.Checks)
                terminal.WriteLine(check.Name);
            return 0;
        }

        Directory.CreateDirectory(options.Output);
        return options.IsWorker ? Work(options, terminal, token) : Supervise(options, terminal, token);
    }

    // How many failed.
    private static int Supervise(AppOptions options, Terminal terminal, CancellationToken token)
    {
        var watch = Stopwatch.StartNew();
        RequireDevice(options.Cuda);
        var results = new Supervisor(options, terminal).Run(token);
        var failed = results.Count(result => !result.Passed);
        terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"All in {watch.Elapsed.TotalSeconds:F0} s; what the checks printed is in {options.Log}."));
        terminal.WriteLine($"{results.Count - failed} passed, {failed} failed");
        return failed;
    }

    // Said once, and not by every check.
    private static void RequireDevice(bool cuda)
    {
        try
        {
            Devices.Choose(cuda);
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException)
        {
            throw new SampleException($"libtorch cannot be loaded: {(e.InnerException ?? e).Message.Split('\n')[0]}", e);
        }
    }

    private static int Work(AppOptions options, Terminal terminal, CancellationToken token)
    {
        var context = new CheckContext(Devices.Choose(options.Cuda), options.Output) { PxSeconds = options.PxSeconds };
        foreach (var check in options.Checks)
        {
            token.ThrowIfCancellationRequested();
            terminal.WriteLine(Try(check, context, terminal).ToLine());
        }

        return 0;
    }

    /// <summary>Runs a check in this process. Whatever it throws is a failure; the whole of it is printed.</summary>
    public static CheckResult Try(Check check, CheckContext context, Terminal terminal)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            var detail = check.Run(context);
            return new CheckResult(check.Name, true, watch.Elapsed.TotalSeconds, detail);
        }
        catch (Exception e)
        {
            terminal.WriteLine($"{check.Name}: {e}");
            var said = e.Message.Split('\n')[0].TrimEnd();
            return new CheckResult(check.Name, false, watch.Elapsed.TotalSeconds, e is CheckFailedException ? said : $"{e.GetType().Name}: {said}");
        }
    }
}

/// <summary>What the command line asks for.</summary>
public sealed record AppOptions
{
    public bool Cuda { get; init; }

    public IReadOnlyList<Check> Checks { get; init; } = Catalog.Checks;

    /// <summary>How long all of it may take.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(8);

    public double? PxSeconds { get; init; }

    public string Output { get; init; } = "gpu-check-output";

    public bool Lists { get; init; }

    public bool IsWorker { get; init; }

    public string Log => Path.Combine(Output, "log.txt");

    public static OptionSet<AppOptions> Define()
    {
        var defaults = new AppOptions();
        return new OptionSet<AppOptions>(defaults)
            .Add("--device", "NAME", "cpu, for a dry run at small sizes, or cuda [cpu]", (options, value) => options with { Cuda = value.OneOf(Devices.Names) == "cuda" })
            .Add("--checks", "LIST", "names or beginnings of names; --list has them [all]", (options, value) => options with { Checks = Named(value) })
            .Add("--minutes", "N", $"how long all of it may take [{defaults.Limit.TotalMinutes:F0}]", (options, value) => options with { Limit = TimeSpan.FromMinutes(value.Positive()) })
            .Add("--px-seconds", "X", "the most seconds that PX may take in time-px [not judged]", (options, value) => options with { PxSeconds = value.Positive() })
            .Add("--output", "FOLDER", $"where the log and files of the checks go [{defaults.Output}]", (options, value) => options with { Output = value.Text })
            .AddFlag(["--list"], "print the names of the checks", options => options with { Lists = true })
            .AddFlag(["--worker"], "run the checks in this process, for another one that reads what they say", options => options with { IsWorker = true })
            .AddFlag(["--help", "-h"], "this text", options => options);
    }

    private static List<Check> Named(Value value)
    {
        var chosen = value.List(Find).SelectMany(checks => checks).ToHashSet();
        return [.. Catalog.Checks.Where(chosen.Contains)];
    }

    // The check of that name, or those whose names begin with it.
    private static List<Check> Find(Value item)
    {
        if (Catalog.Checks.FirstOrDefault(check => check.Name == item.Text) is { } only)
            return [only];
        var found = Catalog.Checks.Where(check => check.Name.StartsWith(item.Text, StringComparison.Ordinal)).ToList();
        return found.Count > 0 ? found : throw new UsageException($"{item.Option}: there is no check '{item.Text}'; --list has their names");
    }
}
