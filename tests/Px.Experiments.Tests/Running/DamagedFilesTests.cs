using System.Diagnostics;
using System.Text.Json.Nodes;
using Px.Experiments.Results;
using Px.Experiments.Running;
using Px.Experiments.Tests.Support;
using Px.Pruning.Models.StateDicts;
using Px.Tests.Shared;
using Xunit.Abstractions;

namespace Px.Experiments.Tests.Running;

/// <summary>Whatever became of an interrupted sweep's files: the same command makes again what is damaged, and gets the numbers of a sweep that nothing disturbed.</summary>
public sealed class DamagedFilesTests(UnbrokenSweeps unbroken, InterruptedSweeps interrupted, ITestOutputHelper log) : IDisposable, IClassFixture<UnbrokenSweeps>, IClassFixture<InterruptedSweeps>
{
    private static readonly string[] Grid = ["sweep", "--methods", "snip,dense", "--sparsity", "0.5", "--epochs", "4"];
    private static readonly string[] Imp = ["sweep", "--methods", "imp", "--sparsity", "0.5", "--rounds", "3", "--epochs", "3"];

    private TinySweep? sweep;

    public static TheoryData<string, string> Damages
    {
        get
        {
            var data = new TheoryData<string, string> { { "*.imp-round2.safetensors", "flipped" } };
            string[] files = ["*snip*.start.json", "*snip*.checkpoint.safetensors", "*snip*.mask.safetensors", "*.imp.safetensors", "*.imp-round2.safetensors"];
            foreach (var (file, damage) in from file in files from damage in (string[])["truncated", "empty", "junk"] select (file, damage))
                data.Add(file, damage);
            foreach (var file in files.Take(3))
                data.Add(file, "flipped");
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void Run_DamagedFile_IsMadeAgainAndTheResultsAreThoseOfAnUndisturbedSweep(string pattern, string damage)
    {
        var imp = pattern.Contains("imp", StringComparison.Ordinal);
        sweep = imp ? interrupted.Of(Imp, "*.imp-round2.safetensors") : interrupted.Of(Grid, "*snip*.checkpoint.safetensors");
        var file = Directory.GetFiles(sweep.Output.Path, pattern).Single();
        Damage(file, damage);

        var (exitCode, output) = sweep.Run(imp ? Imp : Grid);

        exitCode.Should().Be(0, output);
        output.Should().Contain("warning: ").And.Contain(Path.GetFileName(file)).And.MatchRegex("is (pruned|trained) again");
        ShouldBeUndisturbed(imp ? Imp : Grid);
    }

    [Fact]
    public void Run_TwoHundredFlippedBytesOfAMask_AreNotBelieved()
    {
        sweep = interrupted.Of(Grid, "*snip*.checkpoint.safetensors");
        var mask = Directory.GetFiles(sweep.Output.Path, "*.mask.safetensors").Single();
        var bytes = File.ReadAllBytes(mask);
        for (var i = 1; i <= 200; i++)
            bytes[^(7 * i)] ^= 1;
        File.WriteAllBytes(mask, bytes);

        sweep.Run(Grid).Output.Should().Contain("warning: ").And.Contain("is not the mask that was written");
        ShouldBeUndisturbed(Grid);
    }

    [Fact]
    public void Run_CheckpointOfAnotherMask_IsNotGoneOnWith()
    {
        // Whole, and of the right network: but trained under the mask of another seed.
        sweep = interrupted.Of(Grid, "*snip*.checkpoint.safetensors");
        using var other = interrupted.Of([.. Grid, "--seeds", "2"], "*snip*.checkpoint.safetensors");
        var checkpoint = Directory.GetFiles(sweep.Output.Path, "*.checkpoint.safetensors").Single();
        File.Copy(Directory.GetFiles(other.Output.Path, "*.checkpoint.safetensors").Single(), checkpoint, overwrite: true);

        sweep.Run(Grid).Output.Should().Contain("warning: ").And.Contain("is of another training").And.Contain("is trained again");
        ShouldBeUndisturbed(Grid);
    }

    [Fact]
    public void Run_RoundsOfImpOfAnotherNetwork_AreNotGoneOnWith()
    {
        // Whole, and of the same settings: but of a network with other weights.
        sweep = interrupted.Of(Imp, "*.imp-round2.safetensors");
        using var other = interrupted.Of([.. Imp, "--seeds", "2"], "*.imp-round2.safetensors");
        var rounds = Directory.GetFiles(sweep.Output.Path, "*.imp.safetensors").Single();
        File.Copy(Directory.GetFiles(other.Output.Path, "*.imp.safetensors").Single(), rounds, overwrite: true);

        var (exitCode, output) = sweep.Run(Imp);

        exitCode.Should().Be(0, output);
        output.Should().Contain("warning: ").And.Contain($"'{rounds}' is of other weights or settings").And.Contain("is pruned again");
        ShouldBeUndisturbed(Imp);
    }

    [Fact]
    public void Run_FilesOfAnOlderVersionWithoutChecksums_AreGoneOnWith()
    {
        sweep = interrupted.Of(Grid, "*snip*.checkpoint.safetensors");
        var start = Directory.GetFiles(sweep.Output.Path, "*.start.json").Single();
        var json = JsonNode.Parse(File.ReadAllText(start))!.AsObject();
        json.Remove("checksum").Should().BeTrue();
        json["pruning"]!.AsObject().Remove("maskHash").Should().BeTrue();
        File.WriteAllText(start, json.ToJsonString());
        var checkpoint = Directory.GetFiles(sweep.Output.Path, "*.checkpoint.safetensors").Single();
        using (var state = SafetensorsFile.Load(checkpoint))
        {
            var metadata = state.Metadata.ToDictionary();
            metadata.Remove("checksum").Should().BeTrue();
            SafetensorsFile.Save(checkpoint, state, metadata);
        }

        var (exitCode, output) = sweep.Run([.. Grid, "--verbose"]);

        exitCode.Should().Be(0);
        output.Should().NotContain("warning").And.Contain("going on after pruning").And.Contain("going on after epoch");
        sweep.Results().Values.Select(result => (result.Name, result.Training.After)).Should().Equal(unbroken.Of(Grid).Results().Values.Select(result => (result.Name, result.Training.After)));
    }

    [Theory]
    [InlineData("*snip*.mask.safetensors", "junk")]
    [InlineData("*snip*.mask.safetensors", "flipped")]
    [InlineData("*snip*.result.json", "truncated")]
    [InlineData("*snip*.result.json", "flipped")]
    public void Run_DamagedFinishedCell_IsMadeAgain(string pattern, string damage)
    {
        sweep = Copy(unbroken.Of(Grid));
        Damage(Directory.GetFiles(sweep.Output.Path, pattern).Single(), damage);

        var (exitCode, output) = sweep.Run(Grid);

        exitCode.Should().Be(0);
        output.Should().Contain("warning: ").And.Contain("The cell is made again.").And.Contain("[2/2] SNIP");
        ShouldBeUndisturbed(Grid);
    }

    [Fact]
    public void Run_FilesBesideFinishedCells_AreRemovedWhereNobodyHasTheirLock()
    {
        sweep = Copy(unbroken.Of(Grid));
        var (snip, dense) = (sweep.Results().Values.Single(result => result.Pruning is not null).Name, sweep.Results().Values.Single(result => result.Pruning is null).Name);
        string[] left = [.. ((string[])["start.json", "checkpoint.safetensors", "imp.safetensors", "imp-round3.safetensors", "failed.json", "lock", "result.json.0123.partial"]).Select(ending => sweep.Output.In($"{snip}.{ending}"))];
        string[] kept = [sweep.Output.In($"{snip}.notes.txt"), sweep.Output.In("lock"), sweep.Output.In($"{dense}.start.json")];
        foreach (var file in left.Concat(kept))
            File.WriteAllText(file, "left");

        using (CellLock.TryTake(sweep.Output.In($"{dense}.lock")))
            sweep.Run(Grid).ExitCode.Should().Be(0);

        left.Should().NotContain(file => File.Exists(file));
        kept.Should().OnlyContain(file => File.Exists(file), "they are the user's, or of a cell that another process is at");
        sweep.Run(Grid).ExitCode.Should().Be(0);
        File.Exists(kept[2]).Should().BeFalse("its lock is free now");
        sweep.Results().Should().HaveCount(2);
    }

    [Theory]
    [InlineData("result.json", "folder")]
    [InlineData("mask.safetensors", "folder")]
    [InlineData("checkpoint.safetensors", "folder")]
    [InlineData("imp.safetensors", "folder")]
    [InlineData("imp-round1.safetensors", "folder")]
    [InlineData("failed.json", "folder")]
    [InlineData("lock", "folder")]
    [InlineData("result.json", "pipe")]
    [InlineData("start.json", "pipe")]
    [InlineData("lock", "pipe")]
    public async Task Run_FolderOrPipeInThePlaceOfAFile_CostsThatCellOnly(string ending, string kind)
    {
        if (OperatingSystem.IsWindows() && kind == "pipe")
            return;
        sweep = new TinySweep();
        string[] grid = ["sweep", "--methods", "snip,dense", "--sparsity", "0.5", "--epochs", "0"];
        var snip = sweep.Run([.. grid, "--list"]).Output.Split('\n').Single(line => line.Contains("snip", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var path = sweep.Output.In($"{snip}.{ending}");
        if (kind == "folder")
            Directory.CreateDirectory(path);
        else
            Process.Start("mkfifo", [path]).WaitForExit();

        // Whoever reads a pipe waits for ever.
        var (exitCode, output) = await Task.Run(() => sweep.Run(grid)).WaitAsync(TimeSpan.FromMinutes(1));

        exitCode.Should().Be(1);
        output.Should().Contain($"'{path}' is a {kind}").And.Contain("1 of 2 networks are finished");
        if (kind == "folder")
            Directory.Delete(path);
        else
            File.Delete(path);
        sweep.Run([.. grid, "--retry"]).ExitCode.Should().Be(0);
        sweep.ShouldBeTidy();
    }

    [Fact]
    [Trait("Category", "Soak")]
    public void Run_AnyDamageOfAnyFiles_ChangesNoNumber()
    {
        var (sweeps, warned) = (SoakSize.Of("PX_SOAK_SWEEPS", 6), 0);
        for (var i = 0; i < sweeps; i++)
        {
            var mutator = new Mutator(i);
            // The library's own checkpoint of IMP is not among them: what flipped bits in it do is the library's to find.
            sweep?.Dispose();
            sweep = interrupted.Of(Grid, "*snip*.checkpoint.safetensors");
            var files = Directory.GetFiles(sweep.Output.Path).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).ToList();
            for (var broken = 0; broken <= mutator.Next(3); broken++)
            {
                var file = files[mutator.Next(files.Count)];
                if (new FileInfo(file).Length > 0)
                    File.WriteAllBytes(file, mutator.Bytes(File.ReadAllBytes(file)));
            }

            var (exitCode, output) = sweep.Run(Grid);
            exitCode.Should().Be(0, $"damage {i}: {output}");
            warned += output.Contains("warning", StringComparison.Ordinal) ? 1 : 0;
            ShouldBeUndisturbed(Grid);
        }

        log.WriteLine($"soak: sweeps: {sweeps} damaged and run again, {warned} warned, 0 other numbers");
    }

    public void Dispose() => sweep?.Dispose();

    private static TinySweep Copy(TinySweep other)
    {
        var copy = new TinySweep();
        foreach (var file in Directory.GetFiles(other.Output.Path))
            File.Copy(file, copy.Output.In(Path.GetFileName(file)));
        return copy;
    }

    private static void Damage(string file, string damage)
    {
        var bytes = File.ReadAllBytes(file);
        switch (damage)
        {
            case "truncated":
                bytes = bytes[..(bytes.Length / 2)];
                break;
            case "empty":
                bytes = [];
                break;
            case "junk":
                new Random(1).NextBytes(bytes);
                break;
            case "flipped" when file.EndsWith(".json", StringComparison.Ordinal):
                // A digit of a number: the JSON is as good as before.
                var at = File.ReadAllText(file).IndexOf("\"before\": 0.", StringComparison.Ordinal) + "\"before\": 0.".Length;
                bytes[at] ^= 1;
                break;
            default:
                bytes[^100] ^= 1;
                break;
        }

        File.WriteAllBytes(file, bytes);
    }

    private void ShouldBeUndisturbed(string[] grid)
    {
        sweep!.ShouldEqual(unbroken.Of(grid));
        sweep.ShouldBeTidy();
    }
}
