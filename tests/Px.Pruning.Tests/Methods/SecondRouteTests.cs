using Px.Pruning.Methods.NtkSap;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>
/// Scores by their definition, with central differences instead of derivatives: the model's own forward in training mode, weights changed by hand.
/// </summary>
public class SecondRouteTests
{
    private const double Step = 1e-5;

    [Fact]
    public void Score_Snip_IsTheSlopeOfTheLossInEachMaskEntry() =>
        Compare(new SnipPruner(), (model, data, weight, index) => Math.Abs(Slope(weight, index, () => Loss(model, data).ToDouble(), relative: true)), 1e-6);

    [Fact]
    public void Score_Grasp_IsThetaTimesTheGradientsChangeAlongItself()
    {
        Compare(new GraspPruner { Temperature = 2 }, (model, data, weight, index) =>
        {
            var weights = Weights(model);
            var g = Gradients(model, data, 2);
            Tensor Moved(double sign)
            {
                Move(weights, g, sign * Step);
                var gradient = Gradients(model, data, 2)[Position(weights, weight)];
                Move(weights, g, -sign * Step);
                return gradient;
            }

            var Hg = (Moved(1) - Moved(-1)) / (2 * Step);
            return weight.flatten()[index].ToDouble() * Hg.flatten()[index].ToDouble();
        }, 1e-5);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(3, 0, false)]
    [InlineData(2, 0.9, false)]
    [InlineData(2, 0.9, true)]
    public void Score_ProsPr_IsTheSlopeOfTheLossAfterTheInnerSteps(int steps, double momentum, bool firstOrder)
    {
        const double rate = 0.1;
        var pruner = new ProsPrPruner { Steps = steps, LearningRate = rate, Momentum = momentum, FirstOrder = firstOrder };
        Compare(pruner, (model, data, weight, index) =>
        {
            var weights = Weights(model);
            var before = weights.Select(w => w.detach().clone()).ToList();
            double theta = weight.flatten()[index].ToDouble();
            void Descend()
            {
                var v = weights.Select(w => zeros_like(w)).ToList();
                for (int t = 0; t < steps; t++)
                {
                    v = [.. v.Zip(Gradients(model, data, 1), (velocity, g) => velocity * momentum + g)];
                    Move(weights, v, -rate);
                }
            }

            double AfterSteps()
            {
                var start = weights.Select(w => w.detach().clone()).ToList();
                Descend();
                double loss = Loss(model, data).ToDouble();
                Restore(weights, start);
                return loss;
            }

            double score;
            if (firstOrder)
            {
                Descend();
                score = Math.Abs(theta * Gradients(model, data, 1)[Position(weights, weight)].flatten()[index].ToDouble());
            }
            else
            {
                score = Math.Abs(Slope(weight, index, AfterSteps, relative: true));
            }

            Restore(weights, before);
            return score;
        }, 1e-5);
    }

    [Fact]
    public void Score_NtkSap_IsTheSlopeOfTheDistanceInEachMaskEntry()
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var draws = new NormalDraws(7);
        var pruner = new NtkSapPruner { Samples = 6, Draws = draws };
        using var scores = pruner.Score(model, PruningData.Shape(3, 8, 8));

        // The same draws in a twin with fresh norm layers.
        using var twin = Net();
        var weights = Weights(twin);
        var names = scores.Names.ToList();
        using var noGrad = no_grad();
        var first = new DrawIndex(1, 0, 0);
        var theta = names.Select((name, i) => draws.Weights(first, name, weights[i].shape)).ToList();
        var moved = names.Select((name, i) => theta[i] + draws.Perturbation(first, name, weights[i].shape) * 0.01).ToList();
        var masks = weights.Select(w => ones_like(w)).ToList();
        var z = draws.Input(first, [6, 3, 8, 8]);
        foreach (var norm in twin.modules().OfType<BatchNorm2d>())
        {
            norm.momentum = 1;
            norm.weight.fill_(1);
            norm.bias!.fill_(0);
        }

        Restore(weights, theta);
        twin.train();
        twin.call(z);
        twin.eval();
        Tensor Output(List<Tensor> values)
        {
            Restore(weights, [.. values.Zip(masks, (value, mask) => value * mask)]);
            return twin.call(z);
        }

        double J() => (Output(theta) - Output(moved)).square().sum().ToDouble();

        for (int layer = 0; layer < names.Count; layer++)
        {
            double largest = scores[names[layer]].max().ToDouble();
            foreach (long index in Few(masks[layer]))
            {
                double expected = Math.Abs(Slope(masks[layer], index, J, relative: false));
                scores[names[layer]].flatten()[index].ToDouble().Should().BeApproximately(expected, 1e-5 * largest, $"{names[layer]}[{index}]");
            }
        }
    }

    private static void Compare(IPruner pruner, Func<ConvNet, (Tensor, Tensor), Tensor, long, double> definition, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var model = Net();
        var data = Samples.Normal(8, [3, 8, 8], dtype: ScalarType.Float64);
        using var scores = pruner.Score(model, PruningData.From([data]), options: new PruningOptions { Data = DataBudget.All });

        model.train();
        foreach (var (name, weight) in scores.Names.Zip(Weights(model)))
        {
            double largest = scores[name].abs().max().ToDouble();
            largest.Should().BePositive();
            foreach (long index in Few(weight))
            {
                using var temporaries = NewDisposeScope();
                double found = scores[name].flatten()[index].ToDouble();
                found.Should().BeApproximately(definition(model, data, weight, index), tolerance * largest, $"{pruner.Name} {name}[{index}]");
            }
        }
    }

    /// <summary>Average pooling: a maximum has kinks where differences would be wrong.</summary>
    private static ConvNet Net()
    {
        manual_seed(8);
        var model = new ConvNet(maxPool: false);
        Samples.Disturb(model);
        return (ConvNet)model.to(float64);
    }

    private static List<Tensor> Weights(ConvNet model) => [.. new[] { "conv1", "conv2", "fc" }.Select(name => (Tensor)model.get_parameter(name + ".weight")!)];

    private static int Position(List<Tensor> weights, Tensor weight) => weights.FindIndex(w => w.Handle == weight.Handle);

    private static IEnumerable<long> Few(Tensor tensor) => Enumerable.Range(0, 4).Select(i => (3 + 17L * i) % tensor.numel());

    private static Tensor Loss(ConvNet model, (Tensor Input, Tensor Target) data, double temperature = 1) =>
        functional.cross_entropy(model.call(data.Input) / temperature, data.Target);

    private static List<Tensor> Gradients(ConvNet model, (Tensor, Tensor) data, double temperature)
    {
        var weights = Weights(model);
        model.zero_grad();
        Loss(model, data, temperature).backward();
        return [.. weights.Select(w => w.grad!.clone())];
    }

    /// <summary>d value / d entry, or entry · d value / d entry, by central differences.</summary>
    private static double Slope(Tensor tensor, long index, Func<double> value, bool relative)
    {
        using var noGrad = no_grad();
        var entry = tensor.detach().flatten()[index];
        double at = entry.ToDouble(), step = relative ? Step * Math.Max(Math.Abs(at), 1e-3) : Step;
        double Shifted(double shift)
        {
            entry.fill_(at + shift);
            using var grad = enable_grad();
            double result = value();
            using (no_grad()) entry.fill_(at);
            return result;
        }

        return (Shifted(step) - Shifted(-step)) / (2 * step) * (relative ? at : 1);
    }

    private static void Move(List<Tensor> weights, List<Tensor> direction, double step)
    {
        using var noGrad = no_grad();
        foreach (var (weight, d) in weights.Zip(direction)) weight.add_(d * step);
    }

    private static void Restore(List<Tensor> weights, List<Tensor> values)
    {
        using var noGrad = no_grad();
        foreach (var (weight, value) in weights.Zip(values)) weight.copy_(value);
    }
}
