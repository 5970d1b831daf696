using Px.Pruning.Analysis;
using Px.Pruning.Tests.Masking;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Reference;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis.Ntk;

/// <summary>What all calls have in common: the model as it was found, no tensors left, typed errors.</summary>
public class NtkAnalysisTests
{
    private static readonly Dictionary<string, Action<Module<Tensor, Tensor>, PruningData, PruningMask?, NtkOptions, CancellationToken>> Calls = new()
    {
        ["spectrum"] = (model, data, mask, options, token) => NtkAnalysis.Spectrum(model, data, mask, options, token),
        ["trace"] = (model, data, mask, options, token) => NtkAnalysis.Trace(model, data, mask, new() { Kernel = options }, token),
        ["estimate"] = (model, data, mask, options, token) =>
            NtkAnalysis.Trace(model, data, mask, new() { Kernel = options, Probes = 3 }, token),
        ["top"] = (model, data, mask, options, token) => NtkAnalysis.TopEigenvalues(model, data, mask, new() { Kernel = options }, token),
        ["bound"] = (model, data, mask, options, token) => NtkAnalysis.Bound(model, data, mask, new() { Kernel = options }, token),
    };

    public static TheoryData<string> Names => new(Calls.Keys);

    public static TheoryData<string> NamesButBound => new(Calls.Keys.Where(name => name != "bound"));

    [Theory, MemberData(nameof(Names))]
    public void Call_ModelInTraining_LeavesEveryBitAndNoTensor(string name)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet").to(float32);
        model.train();
        model.BiasOf("conv1").grad = ones_like(model.BiasOf("conv1"));
        model.get_parameter("fc.weight")!.requires_grad = false;
        using var mask = NtkProblem.Mask(model);
        var data = NtkProblem.Data();
        var before = ModelState.Of(model);
        manual_seed(4);
        double expected = rand(1).ToDouble();
        manual_seed(4);

        long left = LiveTensors.LeftBy(() => Calls[name](model, data, mask, new NtkOptions(), default));

        left.Should().Be(0);
        rand(1).ToDouble().Should().Be(expected, "the global random state is not used");
        ModelState.Of(model).ShouldEqual(before);
        model.call(NtkProblem.Input().to(float32)).requires_grad.Should().BeTrue("no hook is left that would cut the graph");
    }

    [Theory, MemberData(nameof(NamesButBound))]
    public void Call_AllParameters_LeavesEveryBitAndNoTensor(string name)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("residual");
        model.get_parameter("fc.bias")!.grad = ones_like(model.get_parameter("fc.bias")!);
        var before = ModelState.Of(model);
        var data = NtkProblem.Data();

        long left = LiveTensors.LeftBy(() => Calls[name](model, data, null, new NtkOptions { AllParameters = true }, default));

        left.Should().Be(0);
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory, MemberData(nameof(Names))]
    public void Call_Cancelled_StopsAtTheNextPassAndLeavesNothing(string name)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("residual");
        var before = ModelState.Of(model);
        var data = NtkProblem.Data();

        long left = LiveTensors.LeftBy(() =>
        {
            using var source = new CancellationTokenSource();
            var reports = new Reports(seen =>
            {
                if (seen.Done == 3) source.Cancel();
            });
            var act = () => Calls[name](model, data, null, NtkProblem.Options with { Progress = reports }, source.Token);
            act.Should().Throw<OperationCanceledException>();
            reports.Seen.Count.Should().BeInRange(3, 3 + 12, "vectors of one block may be finished");
        });

        left.Should().Be(0);
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory, MemberData(nameof(Names))]
    public void Call_NotFinite_IsRefused(string name)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        using (no_grad()) model.get_parameter("fc.weight")!.view(-1)[0] = double.NaN;
        var before = ModelState.Of(model);

        var act = () => Calls[name](model, NtkProblem.Data(), null, NtkProblem.Options, default);

        act.Should().Throw<NonFiniteScoreException>();
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory, MemberData(nameof(NamesButBound))]
    public void Call_NetworkThatCallsForward_IsComputedOnItsOwnParameters(string name)
    {
        using var scope = NewDisposeScope();
        using var silent = Silent(true);
        using var twin = Silent(false);
        twin.load_state_dict(silent.state_dict());
        var before = ModelState.Of(silent);
        using var mask = NtkProblem.Mask(silent);

        var data = NtkProblem.Data();
        long left = LiveTensors.LeftBy(() => Calls[name](silent, data, mask, NtkProblem.Options, default));

        left.Should().Be(0);
        ModelState.Of(silent).ShouldEqual(before);
        foreach (bool all in new[] { false, true })
        {
            var options = NtkProblem.Options with { AllParameters = all };
            NtkProblem.ShouldBeClose(
                NtkAnalysis.Spectrum(silent, data, mask, options).Eigenvalues, NtkAnalysis.Spectrum(twin, data, mask, options).Eigenvalues);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Call_NetworkThatCallsForwardOnStatisticsOfTheBatch_IsRefused(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Silent(true);
        var before = ModelState.Of(model);
        var data = NtkProblem.Data();

        var act = () => Calls[name](model, data, null, new NtkOptions { NormStatistics = NormStatistics.PruningBatch }, default);

        LiveTensors.LeftBy(() => act.Should().Throw<UnsupportedModelException>().WithMessage("*forward()*call()*")).Should().Be(0);
        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory, MemberData(nameof(Names))]
    public void Call_MaskOfAnotherModel_IsRefused(string name)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        using var foreign = new PruningMask([KeyValuePair.Create("conv9.weight", ones(3))]);
        using var bias = new PruningMask([KeyValuePair.Create("fc.bias", ones(4))]);

        var act = (PruningMask mask) => () => Calls[name](model, NtkProblem.Data(), mask, NtkProblem.Options, default);

        act(foreign).Should().Throw<ArgumentException>().WithMessage("*conv9.weight*");
        act(bias).Should().Throw<ArgumentException>().WithMessage("*fc.bias*");
    }

    [Theory, MemberData(nameof(Names))]
    public void Call_NothingToWorkOn_SaysWhatIsMissing(string name)
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");
        using var empty = Sequential(ReLU());
        var nothing = NtkProblem.Options with { Parameters = ParameterSelection.Default.Excluding("*") };

        var noData = () => Calls[name](model, PruningData.Shape(3, 8, 8), null, NtkProblem.Options, default);
        var noWeight = () => Calls[name](empty, NtkProblem.Data(), null, NtkProblem.Options, default);
        var noSelection = () => Calls[name](model, NtkProblem.Data(), null, nothing, default);

        noData.Should().Throw<ArgumentException>().WithMessage("*samples*");
        noWeight.Should().Throw<ArgumentException>().WithMessage("*nothing to prune*");
        noSelection.Should().Throw<ArgumentException>().WithMessage("*Parameters*");
    }

    [Fact]
    public void Spectrum_KernelBeyondTheBudget_SaysHowManyRowsFit()
    {
        using var scope = NewDisposeScope();
        using var model = NtkProblem.Create("convnet");

        var act = () => NtkAnalysis.Spectrum(model, NtkProblem.Data(), options: NtkProblem.Options with { MemoryBudget = 10_000 });

        // 24 bytes a number of Θ, and half the budget for them: √(5000 / 24) = 14.4
        act.Should().Throw<ArgumentException>().WithMessage("*5 samples*4 outputs*20 rows*at most 14*TopEigenvalues*");
    }

    [Fact]
    public void Options_OutOfRange_AreRefused()
    {
        Action[] acts =
        [
            () => _ = new NtkOptions { BatchSize = 0 }, () => _ = new NtkOptions { MemoryBudget = 0 },
            () => _ = new NtkTraceOptions { Probes = 1 },
            () => _ = new NtkEigenvalueOptions { Count = 0 }, () => _ = new NtkEigenvalueOptions { MaxSteps = 0 },
            () => _ = new NtkEigenvalueOptions { Tolerance = double.NaN }, () => _ = new NtkEigenvalueOptions { Tolerance = 1 },
            () => _ = new NtkEigenvalueOptions { MicroBatch = 0 },
        ];

        acts.Should().OnlyContain(act => Throws(act));
    }

    private static bool Throws(Action act)
    {
        try
        {
            act();
            return false;
        }
        catch (ArgumentOutOfRangeException)
        {
            return true;
        }
    }

    private static SilentNet Silent(bool silent)
    {
        manual_seed(5);
        var model = new SilentNet(silent);
        Samples.Disturb(model);
        return model.to(float64);
    }
}
