using Px.Pruning.Engine;
using Px.Pruning.Engine.Speed;
using Px.Pruning.Tests.Methods;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Engine;

/// <summary>What is computed faster is computed alike: every method's scores, with the speed-ups and without.</summary>
public sealed class SpeedPolicyTests
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string name in AllPruners.All)
        foreach (string network in new[] { "convnet", "residual" })
            cases.Add(name, network);
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Score_WithoutSpeedUps_IsTheSame(string name, string network)
    {
        using var scope = NewDisposeScope();
        manual_seed(9);
        using Module<Tensor, Tensor> model = network == "convnet" ? new ConvNet() : new ResidualNet(functionalTail: false);
        Samples.Disturb(model);
        model.to(float64);
        // More than one part of a batch, and a rest.
        var data = PruningData.From([Samples.Normal(40, [3, 8, 8], dtype: float64), Samples.Normal(7, [3, 8, 8], seed: 8, dtype: float64)]);
        var options = new PruningOptions { Seed = 3, Data = DataBudget.All };

        using var fast = AllPruners.Get(name).Score(model, data, options: options);
        using var off = SpeedPolicy.TurnOff();
        using var plain = AllPruners.Get(name).Score(model, data, options: options);

        plain.Names.Should().Equal(fast.Names);
        foreach (string parameter in fast.Names)
        {
            double largest = fast[parameter].abs().max().ToDouble() * Math.ScaleB(1, fast.Exponent - plain.Exponent);
            var difference = (fast[parameter] * Math.ScaleB(1, fast.Exponent - plain.Exponent) - plain[parameter]).abs().max().ToDouble();
            difference.Should().BeLessThanOrEqualTo(1e-9 * largest, parameter);
        }
    }

    [Fact]
    public void TurnOff_HoldsForNetworksThatAreMadeMeanwhile()
    {
        using var model = new ConvNet();
        using (SpeedPolicy.TurnOff())
        {
            using var plain = new Network(model, ParameterSelection.Default);
            plain.Speed.IsOn.Should().BeFalse();
        }

        using var fast = new Network(model, ParameterSelection.Default);
        fast.Speed.IsOn.Should().BeTrue();
    }
}
