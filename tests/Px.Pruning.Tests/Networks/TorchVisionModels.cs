using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>
/// TorchVision's networks with 10 classes and random weights, each made once and put back by who changed it. The bottlenecks of
/// ResNet-50, all of MobileNetV2 and the hidden layers of VGG's classifier are narrow, which changes nothing in how their code runs.
/// </summary>
public sealed class TorchVisionModels : IDisposable
{
    private static readonly Dictionary<string, Func<Module<Tensor, Tensor>>> factories = new()
    {
        ["resnet18"] = () => torchvision.models.resnet18(num_classes: 10),
        ["resnet50"] = () => torchvision.models.resnet50(num_classes: 10, width_per_group: 4),
        ["mobilenet_v2"] = () => torchvision.models.mobilenet_v2(num_classes: 10, width_mult: 0.25),
        ["vgg11_bn"] = Vgg11,
        ["googlenet"] = () => torchvision.models.googlenet(num_classes: 10),
    };

    private readonly Dictionary<string, Found> models = [];

    public static IEnumerable<string> Names => factories.Keys;

    /// <summary>A network by its name in <c>torchvision.models</c>. To be called outside of any dispose scope, which would take it.</summary>
    internal Found Get(string name)
    {
        if (models.TryGetValue(name, out var found)) return found;
        manual_seed(1);
        return models[name] = new Found(factories[name]());
    }

    private static VGG Vgg11()
    {
        var model = torchvision.models.vgg11_bn(num_classes: 10);
        var hidden = model.named_modules().Select(m => m.module).OfType<Linear>().ToList();
        // 120 of its 129 million weights are here. A linear layer computes with whatever weight it is given.
        foreach (var (layer, (inputs, outputs)) in hidden.Zip([(25088, 16), (16, 16), (16, 10)]))
        {
            layer.weight = Parameter(randn(outputs, inputs) * Math.Sqrt(2.0 / inputs));
            layer.bias = Parameter(zeros(outputs));
        }

        return model;
    }

    public void Dispose()
    {
        foreach (var model in models.Values) model.Dispose();
    }

    /// <summary>A model and a copy of all that it was made with. Owns both.</summary>
    internal sealed class Found : IDisposable
    {
        private readonly Dictionary<string, Tensor> original;
        private readonly Dictionary<string, string> flags;

        internal Found(Module<Tensor, Tensor> model)
        {
            Model = model;
            original = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
            flags = Flags();
        }

        internal Module<Tensor, Tensor> Model { get; }

        /// <summary>The weights of convolutions and linear layers, and how many they are.</summary>
        internal IEnumerable<(string Name, long Count)> Weights =>
            Model.named_parameters().Where(p => p.parameter.dim() > 1).Select(p => (p.name, p.parameter.numel()));

        /// <summary>Asserts that every bit of the model is as it was made, except where a mask has put zeros.</summary>
        internal void ShouldBeAsMade(PruningMask? mask = null)
        {
            using var temporaries = NewDisposeScope();
            using var noGrad = no_grad();
            Flags().Should().Equal(flags);
            var state = Model.state_dict();
            state.Keys.Should().Equal(original.Keys);
            foreach (var (key, now) in state)
            {
                var expected = mask?.Contains(key) == true ? original[key].masked_fill(mask[key].logical_not(), 0) : original[key];
                now.bytes.SequenceEqual(expected.bytes).Should().BeTrue(key);
            }
        }

        /// <summary>Makes the model as it was made.</summary>
        internal void PutBack()
        {
            using var temporaries = NewDisposeScope();
            using var noGrad = no_grad();
            Model.zero_grad();
            foreach (var (key, tensor) in Model.state_dict()) tensor.copy_(original[key]);
        }

        public void Dispose()
        {
            foreach (var tensor in original.Values) tensor.Dispose();
            Model.Dispose();
        }

        private Dictionary<string, string> Flags()
        {
            var found = Model.named_parameters()
                .ToDictionary(p => p.name, p => $"{p.parameter.Handle} {p.parameter.requires_grad} {p.parameter.grad is null}");
            foreach (var (name, module) in Model.named_modules().Prepend(("", Model))) found["training " + name] = module.training.ToString();
            return found;
        }
    }
}
