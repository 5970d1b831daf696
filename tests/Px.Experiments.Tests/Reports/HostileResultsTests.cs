using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Px.Experiments.Results;
using Px.Experiments.Tests.Support;
using Px.Runner.Display;
using Px.Runner.Tests.Support;
using Px.Tests.Shared;
using Xunit.Abstractions;

namespace Px.Experiments.Tests.Reports;

/// <summary>Whatever lies among results is named on the page and among errors, the exit code says so, and the others are shown.</summary>
[Trait("Category", "Soak")]
public sealed class HostileResultsTests(ITestOutputHelper log) : IDisposable
{
    private static readonly List<CellResult> Few = [.. MadeUp.Grid().Where(result => result.Cell.Sparsity is 0 or 0.9 && result.Cell.Method is "dense" or "px" or "random")];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("pruning.layers", "[null]")]
    [InlineData("pruning.layers", "{}")]
    [InlineData("pruning.layers.0.name", "null")]
    [InlineData("pruning.layers.0.kept", "-1")]
    [InlineData("pruning.layers.1.units", "9223372036854775807")]
    [InlineData("pruning.findings", "[null]")]
    [InlineData("pruning.findings", "[1]")]
    [InlineData("pruning.seconds", "[null]")]
    [InlineData("pruning.seconds", "[1e300]")]
    [InlineData("pruning.rounds", "0")]
    [InlineData("pruning.flops", "-1")]
    [InlineData("pruning", "null")]
    [InlineData("pruning", "[]")]
    [InlineData("spectrum.eigenvalues", "[\"NaN\"]")]
    [InlineData("spectrum.eigenvalues", "[null]")]
    [InlineData("spectrum.boundExceptions", "[null]")]
    [InlineData("settings.schedule", "null")]
    [InlineData("versions.threads", "null")]
    [InlineData("versions", "[1]")]
    [InlineData("cell", "null")]
    [InlineData("cell.sparsity", "1")]
    [InlineData("cell.epochs", "1e9")]
    [InlineData("cell.rounds", "-3")]
    [InlineData("training.after", "17")]
    [InlineData("training.after", "\"lone surrogate\"")]
    [InlineData("training.seconds", "1e308")]
    [InlineData("finished", "\"yesterday\"")]
    [InlineData("format", "\"1\"")]
    [InlineData("format", "null")]
    public void Report_OneBrokenValue_IsAProblemOfThatFile(string at, string value)
    {
        MadeUp.Write(folder.Path, Few);
        var broken = Few.Find(result => result.Cell.Method == "px")!;
        var path = folder.In(broken.Name + ResultFile.Ending);
        File.WriteAllText(path, With(File.ReadAllText(path), at, value));

        var (exitCode, output, errors, html) = Report();

        exitCode.Should().Be(1);
        output.Should().Contain($"{Few.Count - 1} results");
        errors.Should().Contain($"{broken.Name}.result.json is damaged").And.Contain("1 file could not be used");
        html.Should().Contain($"<code>{broken.Name}.result.json</code> is damaged").And.NotContain(folder.Path);
        Compare(folder.Path, folder.Path).Should().Be(1);
    }

    [Fact]
    public void Report_FoldersAndLinksWithNamesOfResults_AreProblems()
    {
        MadeUp.Write(folder.Path, Few, withMasks: true);
        Directory.CreateDirectory(folder.In("folder.result.json"));
        var mask = folder.In(Few.Find(result => result.Pruning is not null)!.Pruning!.MaskFile);
        File.Delete(mask);
        Directory.CreateDirectory(mask);
        if (!OperatingSystem.IsWindows())
            File.CreateSymbolicLink(folder.In("nowhere.result.json"), folder.In("nothing"));

        var (exitCode, output, errors, html) = Report();

        exitCode.Should().Be(1);
        output.Should().Contain($"{Few.Count} results");
        errors.Should().Contain("folder.result.json is a folder.").And.Contain($"{Path.GetFileName(mask)} is a folder.");
        html.Should().Contain("<code>folder.result.json</code> is a folder.").And.NotContain(folder.Path);
        errors.Contains("nowhere.result.json cannot be read", StringComparison.Ordinal).Should().Be(!OperatingSystem.IsWindows());
    }

    [Fact]
    public async Task ReportAndCompare_PipesAndSocketsWithNamesOfResults_AreProblems()
    {
        if (OperatingSystem.IsWindows())
            return;
        MadeUp.Write(folder.Path, Few, withMasks: true);
        var mask = folder.In(Few.Find(result => result.Pruning is not null)!.Pruning!.MaskFile);
        File.Delete(mask);
        foreach (var pipe in new[] { mask, folder.In("pipe.result.json") })
            Process.Start("mkfifo", [pipe]).WaitForExit();
        File.CreateSymbolicLink(folder.In("linked.result.json"), "pipe.result.json");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder.In("socket.result.json")));

        // A pipe that is read waits for ever.
        var (exitCode, output, errors, html) = await Task.Run(Report).WaitAsync(TimeSpan.FromMinutes(1));

        exitCode.Should().Be(1);
        output.Should().Contain($"{Few.Count} results");
        foreach (var name in new[] { Path.GetFileName(mask), "pipe.result.json", "linked.result.json", "socket.result.json" })
        {
            errors.Should().Contain($"{name} is a pipe, a device or a socket.");
            html.Should().Contain($"<code>{name}</code> is a pipe, a device or a socket.");
        }

        (await Task.Run(() => Compare(folder.Path, folder.Path)).WaitAsync(TimeSpan.FromMinutes(1))).Should().Be(1);
    }

    [Fact]
    public void Report_ChangedNumberOrMask_IsFoundByItsChecksum()
    {
        MadeUp.Write(folder.Path, Few, withMasks: true);
        var (first, second) = (Few.First(result => result.Pruning is not null), Few.Last(result => result.Pruning is not null));
        var hash = MaskCheck.HashOf(folder.In(first.Pruning!.MaskFile));
        ResultFile.Write(folder.In(first.Name + ResultFile.Ending), first with { Pruning = first.Pruning with { MaskHash = hash } });
        Report().ExitCode.Should().Be(0);

        var bytes = File.ReadAllBytes(folder.In(first.Pruning.MaskFile));
        (bytes[^1], bytes[^2], bytes[^160], bytes[^159]) = (bytes[^160], bytes[^159], bytes[^1], bytes[^2]);
        File.WriteAllBytes(folder.In(first.Pruning.MaskFile), bytes);
        var path = folder.In(second.Name + ResultFile.Ending);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"before\": 0.1", "\"before\": 0.2", StringComparison.Ordinal));

        var errors = Report().Errors;
        errors.Should().Contain($"{first.Pruning.MaskFile} is not the mask that was written").And.Contain($"{second.Name}.result.json is damaged, or no result of an experiment: what it says is not what was written");
    }

    [Fact]
    public void ReportAndCompare_AnyMutation_AreProblemsAndNeverAbort()
    {
        var (mutations, problems) = (SoakSize.Of("PX_SOAK_RESULTS", 60), 0);
        using var sound = new TemporaryFolder();
        MadeUp.Write(sound.Path, Few, withMasks: true);
        for (var i = 0; i < mutations; i++)
        {
            var mutator = new Mutator(i);
            foreach (var file in Directory.GetFiles(folder.Path))
                File.Delete(file);
            foreach (var file in Directory.GetFiles(sound.Path))
                File.Copy(file, folder.In(Path.GetFileName(file)));
            var files = Directory.GetFiles(folder.Path);
            for (var broken = 0; broken <= mutator.Next(3); broken++)
            {
                var file = files[mutator.Next(files.Length)];
                if (file.EndsWith(ResultFile.Ending, StringComparison.Ordinal) && mutator.Next(4) > 0)
                    File.WriteAllText(file, mutator.Json(File.ReadAllText(Path.Combine(sound.Path, Path.GetFileName(file)))));
                else
                    File.WriteAllBytes(file, mutator.Bytes(File.ReadAllBytes(file)));
            }

            var (exitCode, _, errors, html) = Invoking(Report, i);
            exitCode.Should().Be(errors.Length > 0 ? 1 : 0, $"mutation {i}: {errors}");
            Regex.Count(html, "(NaN|∞) %").Should().Be(0, $"mutation {i}");
            html.Contains("class=\"problems\"", StringComparison.Ordinal).Should().Be(exitCode == 1, $"mutation {i}");
            Invoking(() => Compare(folder.Path, sound.Path), i).Should().Be(exitCode, $"mutation {i}");
            Invoking(() => Compare(folder.Path, "--methods", "px,random"), i).Should().BeInRange(0, 2);
            problems += exitCode;
        }

        problems.Should().BeGreaterThan(mutations / 3, "most mutations are damage");
        log.WriteLine($"soak: results: {mutations} mutated folders, {problems} with problems named, 0 aborts");
    }

    private static T Invoking<T>(Func<T> action, int mutation)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"Mutation {mutation} ended the program: {e.Message}", e);
        }
    }

    private static string With(string text, string at, string value)
    {
        var root = JsonNode.Parse(text)!;
        root.AsObject().Remove("checksum");
        var (names, node) = (at.Split('.'), root);
        foreach (var name in names.SkipLast(1))
            node = node is JsonArray items ? items[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)]! : node[name]!;
        node[names[^1]] = JsonNode.Parse(value);
        return Mutator.WithLoneSurrogates(root.ToJsonString());
    }

    private static int Compare(params string[] arguments)
    {
        using var output = new StringWriter();
        return App.Run(["compare", .. arguments], new Terminal(output, isInteractive: false, 80, TimeProvider.System), CancellationToken.None);
    }

    private (int ExitCode, string Output, string Errors, string Html) Report()
    {
        using var page = new TemporaryFolder();
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var exitCode = App.Run(
            ["report", folder.Path, "--output", page.In("page.html"), "--csv", page.In("csv")], new Terminal(output, isInteractive: false, 80, TimeProvider.System, errors), CancellationToken.None);
        return (exitCode, output.ToString(), errors.ToString(), File.Exists(page.In("page.html")) ? File.ReadAllText(page.In("page.html")) : "");
    }
}
