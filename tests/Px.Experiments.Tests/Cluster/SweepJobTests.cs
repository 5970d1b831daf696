using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Px.Runner.Display;
using Px.Runner.Tests.Support;

namespace Px.Experiments.Tests.Cluster;

/// <summary>The job file for Kubernetes, as far as it can be tried without one.</summary>
public sealed partial class SweepJobTests : IDisposable
{
    private static readonly string JobFile = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Cluster", "sweep-job.yaml"));

    private readonly TemporaryFolder output = new();

    [Fact]
    public void Arguments_OfAllIndexes_CutTheGridIntoParts()
    {
        var completions = Completions().Match(JobFile).Groups[1].Value;
        var arguments = JsonSerializer.Deserialize<string[]>(Arguments().Match(JobFile).Groups[1].Value)!;
        arguments.Should().ContainInConsecutiveOrder("--shard", $"$(JOB_COMPLETION_INDEX)/{completions}");

        var parts = Enumerable.Range(0, int.Parse(completions, CultureInfo.InvariantCulture))
            .Select(index => List([.. arguments.Select(argument => argument.Replace("$(JOB_COMPLETION_INDEX)", $"{index}", StringComparison.Ordinal))])).ToList();

        parts.Should().NotContain(part => part.Count == 0);
        parts.SelectMany(part => part).Should().BeEquivalentTo(List(arguments[..3]), "those are sweep, --protocol and its name");
    }

    public void Dispose() => output.Dispose();

    private List<string> List(string[] arguments)
    {
        var text = new StringWriter { NewLine = "\n" };
        App.Run([.. arguments, "--output", output.Path, "--list"], new Terminal(text, false, 80, TimeProvider.System), CancellationToken.None).Should().Be(0, text.ToString());
        return [.. text.ToString().Split('\n').Where(line => line.StartsWith("open ", StringComparison.Ordinal))];
    }

    [GeneratedRegex(@"^  completions: (\d+)", RegexOptions.Multiline)]
    private static partial Regex Completions();

    [GeneratedRegex(@"^ +args: (\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex Arguments();
}
