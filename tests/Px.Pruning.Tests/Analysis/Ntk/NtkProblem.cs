using Px.Pruning.Analysis;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis.Ntk;

/// <summary>Small networks with 4 outputs in float64, five samples of 3×8×8, and masks.</summary>
internal static class NtkProblem
{
    internal const int Count = 5;

    internal static readonly NtkOptions Options = new() { Data = DataBudget.All, NormStatistics = NormStatistics.Running };

    internal static readonly NtkTraceOptions ExactTrace = new() { Kernel = Options };

    internal static TheoryData<string> Names => ["convnet", "residual"];

    internal static Module<Tensor, Tensor> Create(string name)
    {
        manual_seed(6);
        Module<Tensor, Tensor> model = name == "convnet" ? new ConvNet() : new ResidualNet(functionalTail: true);
        Samples.Disturb(model);
        return model.to(float64);
    }

    internal static Tensor Input(int count = Count) => Samples.Normal(count, [3, 8, 8], dtype: float64).Input;

    internal static PruningData Data(int count = Count) => PruningData.From([Samples.Normal(count, [3, 8, 8], dtype: float64)]);

    /// <summary>Keeps two weights of three, without regard to layers.</summary>
    internal static PruningMask Mask(Module<Tensor, Tensor> model, ulong seed = 3)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed);
        return new(model.named_parameters().Where(p => p.parameter.dim() > 1)
            .Select(p => KeyValuePair.Create(p.name, randn(p.parameter.shape, float64, generator: generator).gt(-0.43))).ToList());
    }

    /// <summary>Linear layers without biases in series: widths[0] inputs, widths[^1] outputs.</summary>
    internal static Sequential Linear(params long[] widths)
    {
        manual_seed(8);
        return Sequential(widths.Zip(widths.Skip(1), (from, to) => (Module<Tensor, Tensor>)nn.Linear(from, to, hasBias: false))).to(float64);
    }

    /// <summary>Asserts that no gate lies where float32 might open or close it, on running statistics.</summary>
    internal static void ShouldHaveTheSamePathsInFloat32(Module<Tensor, Tensor> model)
    {
        // Where a ReLU is a function, a twin shows what enters it.
        using Module<Tensor, Tensor> watched = model is ConvNet ? new ConvNet().to(float64) : new ResidualNet(functionalTail: false).to(float64);
        watched.load_state_dict(model.state_dict());
        watched.eval();
        Clearance.Of(watched, Input()).Should().BeGreaterThan(Clearance.Enough);
    }

    /// <summary>Numbers within a fraction of the largest expected one.</summary>
    internal static void ShouldBeClose(IReadOnlyList<double> found, IReadOnlyList<double> expected, double tolerance = 1e-9)
    {
        found.Should().HaveSameCount(expected);
        expected.Max().Should().BePositive();
        found.Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) <= tolerance * expected.Max());
    }
}
