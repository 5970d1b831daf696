using System.Diagnostics;
using Px.Experiments.Results;
using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Support;

/// <summary>Sweeps of a network of eight layers on tiny images, in a folder of their own.</summary>
internal sealed class TinySweep : IDisposable
{
    private static readonly TemporaryFolder Data = MakeData();

    public TemporaryFolder Output { get; } = new();

    /// <summary>Runs a command in this process.</summary>
    public (int ExitCode, string Output) Run(params string[] arguments) => Run(CancellationToken.None, arguments);

    /// <inheritdoc cref="Run(string[])"/>
    public (int ExitCode, string Output) Run(CancellationToken token, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        return (App.Run(All(arguments), new Terminal(output, isInteractive: false, 80, TimeProvider.System), token), output.ToString());
    }

    /// <summary>A command with what makes it tiny.</summary>
    public string[] All(params string[] arguments) =>
        [.. arguments, "--datasets", "fashion-mnist", "--data", Data.Path, "--models", "resnet8", "--batch", "16", "--threads", "1", "--output", Output.Path];

    /// <summary>Starts a command in a process of its own.</summary>
    public Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [typeof(App).Assembly.Location, .. All(arguments)]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>The results, by the names of their cells.</summary>
    public SortedDictionary<string, CellResult> Results() =>
        new(Directory.GetFiles(Output.Path, $"*{ResultFile.Ending}").Select(ResultFile.Read).ToDictionary(result => result.Name), StringComparer.Ordinal);

    /// <summary>Every number and every mask is the same, but for times.</summary>
    public void ShouldEqual(TinySweep other)
    {
        Results().Should().NotBeEmpty().And.BeEquivalentTo(other.Results(), options => options
            .Excluding(info => info.Path.EndsWith(".Seconds", StringComparison.Ordinal)).Excluding(info => info.Path.EndsWith(".Finished", StringComparison.Ordinal)));
        foreach (var mask in Results().Values.Select(result => result.Pruning?.MaskFile).OfType<string>())
            File.ReadAllBytes(Output.In(mask)).Should().Equal(File.ReadAllBytes(other.Output.In(mask)), mask);
    }

    /// <summary>Nothing but results and masks is left.</summary>
    public void ShouldBeTidy() =>
        Directory.GetFiles(Output.Path).Should().OnlyContain(file => file.EndsWith(".result.json", StringComparison.Ordinal) || file.EndsWith(".mask.safetensors", StringComparison.Ordinal));

    public void Dispose() => Output.Dispose();

    private static TemporaryFolder MakeData()
    {
        var folder = new TemporaryFolder();
        TinyImages.Write(folder.Path, train: 160, test: 40);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        return folder;
    }
}
