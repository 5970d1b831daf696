using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>
/// Every method against everything that goes wrong: a right answer or a typed exception, and in each case the model as it was and no tensor left behind.
/// </summary>
public class FaultMatrixTests
{
    private static readonly Dictionary<string, Fault> faults = new()
    {
        ["NaN in the data"] = new(Data: data => data.Input[0, 0, 0, 0] = double.NaN),
        ["infinity in the data"] = new(Data: data => data.Input[1, 1, 1, 1] = double.PositiveInfinity),
        ["NaN in a weight"] = new(Model: model => model.get_parameter("conv2.weight")![0, 0, 0, 0] = double.NaN),
        ["infinity in a weight"] = new(Model: model => model.get_parameter("fc.weight")![0, 0] = double.NegativeInfinity),
        ["NaN in a running mean"] = new(Model: model => model.get_buffer("bn1.running_mean")![0] = double.NaN),
        ["infinity in a running variance"] = new(Model: model => model.get_buffer("bn2.running_var")![0] = double.PositiveInfinity),
        ["a layer whose weights are all zero"] = new(Model: model => model.get_parameter("conv2.weight")!.fill_(0)),
        ["a class beyond the output"] = new(Data: data => data.Target[0] = 17),
        ["a negative class"] = new(Data: data => data.Target[0] = -1),
        ["targets of another shape"] = new(Replace: data => (data.Input, zeros(8, 3, dtype: int64))),
        ["floating-point targets"] = new(Replace: data => (data.Input, zeros(8))),
        ["inputs with a channel too many"] = new(Replace: _ => (ones(8, 4, 8, 8), zeros(8, dtype: int64))),
        ["inputs too small"] = new(Replace: data => (ones(8, 3, 1, 1), data.Target)),
        ["an empty batch"] = new(Replace: _ => (ones(0, 3, 8, 8), zeros(0, dtype: int64))),
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string method in AllPruners.All)
            foreach (string fault in faults.Keys) cases.Add(method, fault);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Prune_WithAFault_AnswersOrThrowsATypedExceptionAndLeavesEverything(string method, string fault)
    {
        using var model = new ConvNet();
        var (input, target) = Samples.Normal(8, [3, 8, 8]);
        var (oldInput, oldTarget) = (input, target);
        using (NewDisposeScope())
        using (no_grad())
        {
            faults[fault].Model?.Invoke(model);
            faults[fault].Data?.Invoke((input, target));
            if (faults[fault].Replace is { } replace)
            {
                (input, target) = replace((input, target));
                (input, target) = (input.DetachFromDisposeScope(), target.DetachFromDisposeScope());
            }
        }

        var before = ModelState.Of(model);
        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var options = new PruningOptions { Rounds = 2, Seed = 1, Data = DataBudget.All };

        Exception? thrown = null;
        try
        {
            // At sparsity 0 a right answer leaves the model as it was, too.
            using var result = AllPruners.Get(method).Prune(model, [(input, target)], 0, options);
            result.Mask.Density.Should().Be(1);
            result.Report.Kept.Should().Be(result.Report.Total);
        }
        catch (Exception e)
        {
            thrown = e;
        }

        if (thrown is not null)
        {
            (thrown is ArgumentException or NonFiniteScoreException or UnsupportedModelException).Should().BeTrue($"{method}, {fault}: {thrown}");
            thrown.Message.Should().NotBeNullOrWhiteSpace();
        }

        ModelState.Of(model).ShouldEqual(before);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live, $"{method}, {fault}");
        foreach (var tensor in new[] { input, target, oldInput, oldTarget }) tensor.Dispose();
    }

    /// <summary>Methods that look at what is broken must not answer as if it were not.</summary>
    [Theory]
    [InlineData("PX", "NaN in the data", typeof(NonFiniteScoreException))]
    [InlineData("PX", "NaN in a weight", typeof(NonFiniteScoreException))]
    [InlineData("PX joint", "infinity in the data", typeof(NonFiniteScoreException))]
    [InlineData("SNIP", "NaN in the data", typeof(NonFiniteScoreException))]
    [InlineData("SNIP", "a class beyond the output", typeof(ArgumentException))]
    [InlineData("SNIP", "targets of another shape", typeof(ArgumentException))]
    [InlineData("SNIP", "floating-point targets", typeof(ArgumentException))]
    [InlineData("GraSP", "infinity in a weight", typeof(NonFiniteScoreException))]
    [InlineData("GraSP", "a negative class", typeof(ArgumentException))]
    [InlineData("ProsPR", "NaN in the data", typeof(NonFiniteScoreException))]
    [InlineData("FORCE", "a class beyond the output", typeof(ArgumentException))]
    [InlineData("SynFlow", "NaN in a weight", typeof(NonFiniteScoreException))]
    [InlineData("SynFlow-L2", "infinity in a weight", typeof(NonFiniteScoreException))]
    [InlineData("Magnitude", "NaN in a weight", typeof(NonFiniteScoreException))]
    [InlineData("SNIP running", "NaN in a running mean", typeof(NonFiniteScoreException))]
    public void Prune_WithAFaultThatItSees_ThrowsThatException(string method, string fault, Type expected)
    {
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        var data = Samples.Normal(8, [3, 8, 8]);
        using (no_grad())
        {
            faults[fault].Model?.Invoke(model);
            faults[fault].Data?.Invoke(data);
        }

        data = faults[fault].Replace?.Invoke(data) ?? data;

        var act = () => AllPruners.Get(method).Prune(model, [data], 0.5, new PruningOptions { Data = DataBudget.All, Rounds = 2 });

        act.Should().Throw<Exception>().Which.Should().Match<Exception>(e => expected.IsInstanceOfType(e));
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_CancelledInAnyRound_LeavesTheModelAndLeaksNothing(string method)
    {
        using var model = new ConvNet();
        using var input = ones(4, 3, 8, 8);
        using var target = zeros(4, dtype: int64);
        var before = ModelState.Of(model);
        for (int round = 0; round < 3; round++)
        {
            long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            using var source = new CancellationTokenSource();
            if (round == 0) source.Cancel();
            int last = round;
            var options = new PruningOptions { Rounds = 4, Progress = new Immediate(progress => { if (progress.Round == last) source.Cancel(); }) };

            var act = () => AllPruners.Get(method).Prune(model, [(input, target)], 0.5, options, source.Token);

            act.Should().Throw<OperationCanceledException>();
            ModelState.Of(model).ShouldEqual(before);
            DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        }
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_LossThatThrows_PassesItOnAndLeavesTheModel(string method)
    {
        if (!AllPruners.Get(method).NeedsData) return;
        using var scope = NewDisposeScope();
        using var model = new ConvNet();
        var before = ModelState.Of(model);
        var options = new PruningOptions { Rounds = 2, Loss = (_, _) => throw new InvalidTimeZoneException("mine") };

        try
        {
            AllPruners.Get(method).Prune(model, [Samples.Normal(8, [3, 8, 8])], 0, options).Dispose();
        }
        catch (InvalidTimeZoneException)
        {
            // Methods without a loss never call it.
        }

        ModelState.Of(model).ShouldEqual(before);
    }

    [Theory]
    [MemberData(nameof(AllPruners.Names), MemberType = typeof(AllPruners))]
    public void Prune_LayerWithoutWeights_CountsTheOthers(string method)
    {
        using var scope = NewDisposeScope();
        using var model = new EmptyLayerNet();

        using var result = AllPruners.Get(method).Prune(model, [Samples.Normal(8, [5], 2)], 0.5, new PruningOptions { Rounds = 2 });

        result.Mask.Total.Should().Be(5 * 6 + 6 * 2);
        result.Mask.Kept.Should().Be(21);
        result.Report.CollapsedLayers.Should().NotContain("empty.weight");
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void Prune_OtherTypes_GivesExactCountsAndKeepsTheType(ScalarType type)
    {
        foreach (string method in AllPruners.All)
        {
            using var scope = NewDisposeScope();
            manual_seed(3);
            using var model = new ConvNet().to(type);

            PruningResult result;
            try
            {
                result = AllPruners.Get(method).Prune(model, [Samples.Normal(8, [3, 8, 8])], 0.7, new PruningOptions { Rounds = 2, Seed = 1 });
            }
            catch (ArgumentException e) when (type == ScalarType.Float16 && e.Message.Contains("not implemented for 'Half'", StringComparison.Ordinal))
            {
                // Not every libtorch computes in half precision on a CPU; then the model itself does not run either.
                continue;
            }

            result.Mask.Kept.Should().Be((long)Math.Round(0.3 * result.Mask.Total, MidpointRounding.AwayFromZero), method);
            model.parameters().Should().OnlyContain(parameter => parameter.dtype == type);
            result.Dispose();
        }
    }

    private sealed record Fault(
        Action<ConvNet>? Model = null, Action<(Tensor Input, Tensor Target)>? Data = null,
        Func<(Tensor Input, Tensor Target), (Tensor Input, Tensor Target)>? Replace = null);

    private sealed class EmptyLayerNet : Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.ReLU relu = ReLU();
        private readonly TorchSharp.Modules.Linear first = Linear(5, 6), empty = Linear(6, 0, hasBias: false), last = Linear(6, 2);

        internal EmptyLayerNet() : base(nameof(EmptyLayerNet)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var x = relu.call(first.call(input));
            return last.call(cat(new List<Tensor> { x, empty.call(x) }, 1));
        }
    }

    private sealed class Immediate(Action<PruningProgress> action) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => action(value);
    }
}
