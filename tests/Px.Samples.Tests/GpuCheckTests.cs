using Px.GpuCheck;
using Px.Samples.Tests.Support;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.Tests;

/// <summary>What is to be run on a GPU, run on the CPU.</summary>
public sealed class GpuCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();

    // Of the samples, which have tests of their own, the quickest with files that are made here: `eng/gpu-check.sh dry-run` has them all.
    public static TheoryData<string> Names =>
        [.. Catalog.Checks.Select(check => check.Name).Where(name => name == "sample-DeepLab" || !name.StartsWith("sample-", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Names))]
    public void Try_AnyCheckOnTheCpu_Passes(string name)
    {
        var check = Catalog.Checks.Single(check => check.Name == name);

        var result = App.Try(check, new CheckContext(CPU, folder.Path), Terminals.To(output));

        result.Passed.Should().BeTrue($"{result}\n{output}");
        result.Seconds.Should().BeLessThan(check.Limit.TotalSeconds);
    }

    [Fact]
    public void Checks_EverySample_IsAmongThem()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!Directory.Exists(Path.Combine(root.FullName, "samples")))
            root = root.Parent!;

        var programs = root.GetDirectories("samples").Single().GetDirectories().Where(sample => File.Exists(Path.Combine(sample.FullName, "Program.cs")));

        programs.Should().HaveCountGreaterThan(4).And.OnlyContain(sample => Catalog.Checks.Any(check => check.Name == $"sample-{sample.Name}"));
    }

    [Fact]
    public void Try_CheckThatThrows_HasFailed()
    {
        var result = App.Try(new Check("breaks", _ => throw new InvalidOperationException("It broke.\nHere.")), new CheckContext(CPU, folder.Path), Terminals.To(output));

        (result.Passed, result.Detail).Should().Be((false, "InvalidOperationException: It broke."));
        output.ToString().Should().Contain("Here.");
        CheckResult.Parse(result.ToLine()).Should().Be(result);
        CheckResult.Parse("what a sample prints").Should().BeNull();
    }

    [Fact]
    public void RequireUnchanged_OneBitOrMode_IsNoticed()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(Linear(3, 2), Dropout());
        var state = new State(model);
        state.RequireUnchanged(model, mask: null);

        model.eval();
        FluentActions.Invoking(() => state.RequireUnchanged(model, mask: null)).Should().Throw<CheckFailedException>().WithMessage("*mode*");
        model.train();
        using (no_grad())
            model.get_parameter("0.bias")![1].mul_(1 + 1.2e-7);
        FluentActions.Invoking(() => state.RequireUnchanged(model, mask: null)).Should().Throw<CheckFailedException>().WithMessage("*'0.bias'*");
    }

    [Fact]
    public void Run_ProcessThatEnds_FailsThatCheckAlone()
    {
        // The process knows no check of that name, and ends.
        var options = new AppOptions { Checks = [new Check("unknown", _ => ""), Catalog.Checks.Single(check => check.Name == "shrink")], Output = folder.Path };

        var results = new Supervisor(options, Terminals.To(output)).Run(CancellationToken.None);

        results.Select(result => (result.Name, result.Passed)).Should().Equal(("unknown", false), ("shrink", true));
        results[0].Detail.Should().Be("Its process ended with exit code 2.");
        output.ToString().Should().Contain("there is no check 'unknown'");
    }

    [Fact]
    public void Run_NoTime_FailsWhatWasNotRun()
    {
        var exitCode = App.Run(["--checks", "shrink,method-px", "--minutes", "0.0000001", "--output", folder.Path], Terminals.To(output), CancellationToken.None);

        exitCode.Should().Be(1);
        output.ToString().TrimEnd().Should().EndWith("0 passed, 2 failed");
    }

    [Fact]
    public void Run_CudaThatIsNotThere_SaysSoOnce()
    {
        if (cuda.is_available())
            return;
        App.Run(["--device", "cuda", "--output", folder.Path], Terminals.To(output), CancellationToken.None).Should().Be(2);
        output.ToString().Should().Contain("no CUDA device").And.NotContain("failed");
    }

    public void Dispose()
    {
        output.Dispose();
        folder.Dispose();
    }
}
