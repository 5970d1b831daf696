using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Networks.Known;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Known;

/// <summary>
/// Scores of networks with concatenations, skips over several levels, depthwise convolutions, layer norm and an auxiliary head, against the model
/// itself: its own parameters, differentiated by libtorch or written over by hand. Float64.
/// </summary>
public class KnownScoresTests
{
    public static TheoryData<string> Networks => ["U-Net", "DenseNet", "ConvNeXt", "Inception v3"];

    /// <summary>|θ ∂L/∂θ|.</summary>
    [Theory, MemberData(nameof(Networks))]
    public void Score_Snip_IsThatOfTheModelsOwnGradients(string network)
    {
        var (model, input, target) = Make(network);
        using var scope = NewDisposeScope();
        using var owned = model;
        using var scores = new SnipPruner().Score(model, [(input, target)], options: All);

        var weights = Weights(model, scores);
        Loss(model, input, target, 1).backward();

        ShouldEqual(scores, weights.Select(weight => (weight * weight.grad!).abs()));
    }

    /// <summary>θ ⊙ H g with the loss at temperature T.</summary>
    [Theory, MemberData(nameof(Networks))]
    public void Score_Grasp_IsThatOfTheModelsOwnSecondDerivatives(string network)
    {
        var (model, input, target) = Make(network);
        using var scope = NewDisposeScope();
        using var owned = model;
        using var scores = new GraspPruner { Temperature = 2 }.Score(model, [(input, target)], options: All);

        var weights = Weights(model, scores);
        var g = autograd.grad([Loss(model, input, target, 2)], weights, retain_graph: true, create_graph: true);
        var product = g.Select(gradient => (gradient * gradient.detach()).sum()).Aggregate((a, b) => a + b);
        autograd.backward([product], inputs: weights);

        ShouldEqual(scores, weights.Select(weight => weight * weight.grad!));
    }

    /// <summary>The published recipe: absolute weights in place, an input of ones, θ ⊙ ∂R/∂θ.</summary>
    [Theory, MemberData(nameof(Networks))]
    public void Score_SynFlow_IsThePublishedRecipeOnTheModelItself(string network)
    {
        var (model, input, _) = Make(network);
        using var scope = NewDisposeScope();
        using var owned = model;
        using var scores = new SynFlowPruner().Score(model, PruningData.Shape(input.shape[1..]));

        using var linear = Linear(network, model, power: 1);
        var weights = Weights(linear, scores);
        linear.call(ones_like(input[..1])).sum().backward();

        ShouldEqual(scores, weights.Select(weight => weight * weight.grad!));
    }

    /// <summary>θ² ⊙ ∂R/∂θ² with R = Σₖ hᵏ(1, θ², 1): squared weights in place.</summary>
    [Theory]
    [InlineData("U-Net")]
    [InlineData("DenseNet")]
    [InlineData("ConvNeXt")]
    public void Score_PxKernelOnly_IsThatOfTheModelWithSquaredWeights(string network)
    {
        // γ of ConvNeXt is 1 here, as any number that is its own square.
        var (model, input, target) = Make(network, layerScale: 1);
        using var scope = NewDisposeScope();
        using var owned = model;
        var pruner = new PathExclusionPruner { Objective = PxObjective.KernelOnly, NormStatistics = NormStatistics.Running };
        using var scores = pruner.Score(model, [(input, target)], options: All);

        using var linear = Linear(network, model, power: 2);
        // Layer norms have no running statistics: their variance is the mean of those of all rows.
        var variances = new Dictionary<string, Tensor>();
        foreach (var (name, norm) in model.named_modules().Where(module => module.module is LayerNorm).Select(m => (m.name, (LayerNorm)m.module)))
        {
            hooks.Add(norm.register_forward_hook((_, x, _) =>
            {
                variances[name] = x.var(-1, false).mean() + norm.eps;
                return null!;
            }).remove);
        }

        model.eval();
        using (no_grad())
        {
            model.call(input);
            foreach (var (name, variance) in variances) linear.get_parameter($"{name}.weight")!.div_(variance);
        }

        Unhook();
        var weights = Weights(linear, scores);
        linear.call(ones_like(input[..1])).sum().backward();

        ShouldEqual(scores, weights.Select(weight => weight * weight.grad!));
    }

    /// <summary>
    /// The same with G, the sum of active paths of squared data: ones as weights in place, and the model's own gates and maxima written into its
    /// ReLUs and max-poolings by hooks. DenseNet's last ReLU is a function that no hook sees, its twin's is a module.
    /// </summary>
    [Theory]
    [InlineData("U-Net")]
    [InlineData("DenseNet")]
    public void Score_Px_IsThatOfTheModelWithItsGatesWrittenIn(string network)
    {
        var (model, input, target) = Make(network);
        using var scope = NewDisposeScope();
        using var owned = model;
        var pruner = new PathExclusionPruner { NormStatistics = NormStatistics.Running };
        using var scores = pruner.Score(model, [(input, target)], options: All);

        using var f = Twin(network, model);
        var gates = new Dictionary<nn.Module, Queue<Tensor>>();
        Hook<ReLU>(f, (relu, x, y) => Note(relu, y.gt(0)));
        Hook<MaxPool2d>(f, (pool, x, y) => Note(pool, functional.max_pool2d_with_indices(
            x, pool.kernel_size, pool.stride, pool.padding).indices));
        Tensor? Note(nn.Module module, Tensor found)
        {
            if (!gates.TryGetValue(module, out var queue)) gates[module] = queue = new();
            queue.Enqueue(found);
            return null;
        }

        using (no_grad()) f.call(input);
        using var kernel = Linear(network, model, power: 2);
        var weights = Weights(kernel, scores);
        Overwrite(f, weight => weight.fill_(1), scaled: false);
        Unhook();
        Hook<ReLU>(f, (relu, x, y) => y * gates[relu].Dequeue());
        Hook<MaxPool2d>(f, (pool, x, y) =>
        {
            var indices = gates[pool].Dequeue();
            return x.flatten(2).gather(2, indices.flatten(2)).reshape(indices.shape);
        });
        Tensor G;
        using (no_grad()) G = f.call(input.square()).sum([0], keepdim: true);
        Unhook();
        (G * kernel.call(ones_like(input[..1]))).sum().backward();

        gates.Values.Should().OnlyContain(queue => queue.Count == 0).And.NotBeEmpty();
        ShouldEqual(scores, weights.Select(weight => weight * weight.grad!));
    }

    private readonly List<Action> hooks = [];

    private static PruningOptions All => new() { Data = DataBudget.All };

    private void Hook<T>(Module<Tensor, Tensor> model, Func<T, Tensor, Tensor, Tensor?> hook) where T : Module<Tensor, Tensor>
    {
        foreach (var module in model.modules().OfType<T>().Distinct())
            hooks.Add(module.register_forward_hook((_, x, y) => hook(module, x, y)!).remove);
    }

    private void Unhook()
    {
        hooks.ForEach(remove => remove());
        hooks.Clear();
    }

    private static (Module<Tensor, Tensor> Model, Tensor Input, Tensor Target) Make(string network, double layerScale = 0.7)
    {
        manual_seed(3);
        var model = Create(network, layerScale).to(float64);
        Samples.Disturb(model);
        using (no_grad())
            foreach (var norm in model.modules().OfType<LayerNorm>()) norm.weight!.uniform_(0.5, 1.5);
        var (input, target) = KnownNetworks.All[network].Data(3);
        return (model, input.to(float64), target);
    }

    private static Module<Tensor, Tensor> Create(string network, double layerScale) => network == "ConvNeXt"
        ? new ConvNeXt(KnownNetworks.Classes, layerScale)
        : KnownNetworks.All[network].Make();

    /// <summary>The model in evaluation mode, as something whose modules' hooks tell all.</summary>
    private static Module<Tensor, Tensor> Twin(string network, Module<Tensor, Tensor> model)
    {
        var twin = (network switch
        {
            "ConvNeXt" => new ConvNeXt(KnownNetworks.Classes, linear: true),
            "DenseNet" => new DenseNet(KnownNetworks.Classes, lastAsModule: true),
            _ => Create(network, 1),
        }).to(float64);
        twin.load_state_dict(model.state_dict());
        twin.eval();
        return twin;
    }

    /// <summary>The network of paths: |θ|ᵖ, no biases and shifts, norm layers as |s|ᵖ. ReLU changes nothing of what is not negative.</summary>
    private static Module<Tensor, Tensor> Linear(string network, Module<Tensor, Tensor> model, int power)
    {
        var linear = Twin(network, model);
        Overwrite(linear, weight => weight.abs_().pow_(power), scaled: true, power);
        return linear;
    }

    private static void Overwrite(Module<Tensor, Tensor> model, Action<Tensor> rewrite, bool scaled, int power = 1)
    {
        using var noGrad = no_grad();
        foreach (var module in model.modules().Distinct())
        {
            if (module is BatchNorm2d norm)
            {
                // γ' / √(v' + ε) = (|γ| / √(v + ε))ᵖ, or 1
                norm.running_mean!.fill_(0);
                norm.running_var!.copy_(scaled ? (norm.running_var + norm.eps).pow(power) - norm.eps : full_like(norm.running_var, 1 - norm.eps));
            }
            else if (module is not (Convolution or TorchSharp.Modules.Linear))
            {
                foreach (var (name, parameter) in module.named_parameters(recurse: false)) if (name != "bias") parameter.abs_().pow_(power);
                continue;
            }

            foreach (var (name, parameter) in module.named_parameters(recurse: false))
            {
                if (name == "bias") parameter.fill_(0);
                else if (module is BatchNorm2d && !scaled) parameter.fill_(1);
                else if (module is BatchNorm2d) parameter.abs_().pow_(power);
                else rewrite(parameter);
            }
        }
    }

    private static Tensor Loss(Module<Tensor, Tensor> model, Tensor input, Tensor target, double temperature)
    {
        // As in training, except for dropout and the auxiliary head.
        model.eval();
        foreach (var norm in model.modules().OfType<BatchNorm2d>()) norm.train();
        return functional.cross_entropy(model.call(input) / temperature, target);
    }

    private static List<Tensor> Weights(Module<Tensor, Tensor> model, PruningScores scores) =>
        [.. scores.Names.Select(name => (Tensor)model.get_parameter(name)!)];

    private static void ShouldEqual(PruningScores scores, IEnumerable<Tensor> expected)
    {
        using var noGrad = no_grad();
        scores.Names.Should().HaveCountGreaterThan(8);
        foreach (var (name, weight) in scores.Names.Zip(expected))
        {
            var found = scores[name] * Math.ScaleB(1, scores.Exponent);
            double largest = weight.abs().max().ToDouble();
            largest.Should().BePositive(name);
            found.allclose(weight, 1e-7, 1e-10 * largest).Should().BeTrue($"{name}: {(found - weight).abs().max().ToDouble() / largest}");
        }
    }
}
