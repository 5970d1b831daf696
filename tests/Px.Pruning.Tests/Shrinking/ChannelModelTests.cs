using Px.Pruning.Models;
using Px.Pruning.Shrinking;
using Px.Pruning.Tests.Analysis;
using Px.Pruning.Tests.Networks.Known;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using ResNet = Px.Pruning.Models.ResNet;
using Vgg = Px.Pruning.Models.Vgg;

namespace Px.Pruning.Tests.Shrinking;

/// <summary>Whole networks: their groups against brute force, conservation, and the small network against the masked one.</summary>
public sealed class ChannelModelTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private static readonly ChannelOptions untimed = new() { Shrinking = new() { LatencyRuns = 0 } };

    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Create, int Size)> networks = new()
    {
        ["resnet18"] = (() => ResNet.Create(new() { Depth = 18, Width = 8, Classes = 10, Seed = 1 }), 64),
        ["resnet50"] = (() => ResNet.Create(new() { Width = 8, Classes = 10, Seed = 1 }), 64),
        ["vgg16-bn"] = (() => Vgg.Create(new() { Layout = VggLayout.Cifar, Classes = 10, Width = 8, Seed = 1 }), 32),
        ["vgg16"] = (() => Vgg.Create(new() { BatchNorm = false, Classes = 10, Width = 4, Seed = 1 }), 32),
        ["cifar-resnet20"] = (() => CifarResNet.Create(new() { Seed = 1 }), 32),
        ["cifar-resnet20-padding"] = (() => CifarResNet.Create(new() { Shortcut = CifarShortcut.ZeroPadding, Seed = 1 }), 32),
        ["cifar-resnet56"] = (() => CifarResNet.Create(new() { Depth = 56, Width = 8, Seed = 1 }), 16),
        ["deeplabv3plus"] = (() => DeepLab.Create(new() { Depth = 18, Width = 8, HeadChannels = 16, LowLevelChannels = 6, Classes = 5, Seed = 1 }), 64),
        ["u-net"] = (() => new UNet(4), 16),
        ["densenet"] = (() => new DenseNet(10), 32),
        ["torchvision-resnet18"] = (() => torchvision.models.resnet18(num_classes: 10), 64),
        ["torchvision-mobilenet_v2"] = (() => torchvision.models.mobilenet_v2(num_classes: 10, width_mult: 0.25), 64),
        ["torchvision-googlenet"] = (() => torchvision.models.googlenet(num_classes: 10), 64),
    };

    public static TheoryData<string> Names => [.. networks.Keys];

    /// <summary>
    /// The oracle lets every layer return positive numbers, and zeros where it writes a group, and looks which input channels of which layers
    /// become zero: exactly those that the group says. If one of the writers returns no zeros, some of them are not zero.
    /// </summary>
    [Theory, MemberData(nameof(Names))]
    public void Study_Groups_AreThoseThatBruteForceFinds(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var net = Create(name);
        var structure = Study(net, networks[name].Size);
        using var input = rand([1, 3, networks[name].Size, networks[name].Size], float64);
        var nothing = Zeros(net, input);
        var families = structure.Groups.Where(group => group.WhyStays is null).GroupBy(group => string.Join(' ', group.Parts)).ToList();

        families.Should().HaveCountGreaterThan(name == "vgg16" ? 10 : 5);
        foreach (var group in families.Select(family => family.ElementAt(family.Count() / 2)))
        {
            var writers = structure.Layers.Where(layer => layer.Outputs.Contains(group)).ToList();
            var readers = structure.Layers.SelectMany(layer => Units(layer.Inputs, group).Select(unit => (layer.Name, unit))).ToHashSet();
            Zeros(net, input, [.. writers.Select(layer => (layer, group))]).Except(nothing).ToHashSet().SetEquals(readers.Except(nothing))
                .Should().BeTrue("{0} writes a group", writers[0].Name);
            foreach (var spared in writers.Count > 1 ? writers : [])
            {
                Zeros(net, input, [.. writers.Where(layer => layer != spared).Select(layer => (layer, group))]).IsSupersetOf(readers)
                    .Should().BeFalse("{0} writes it too", spared.Name);
            }
        }

        output.WriteLine($"{families.Count} families, {structure.Groups.Count} groups");
    }

    [Theory]
    [InlineData("resnet50", "SynFlow")]
    [InlineData("vgg16-bn", "PX")]
    [InlineData("cifar-resnet20", "PX")]
    [InlineData("deeplabv3plus", "SynFlow")]
    [InlineData("u-net", "PX")]
    [InlineData("densenet", "SynFlow")]
    [InlineData("torchvision-mobilenet_v2", "SynFlow")]
    [InlineData("torchvision-resnet18", "SynFlow")]
    public void Scores_OfWritersAndReaders_AreEqual(string name, string method)
    {
        using var scope = NewDisposeScope();
        using var net = Create(name);
        int size = networks[name].Size;
        var structure = Study(net, size);
        IPruner pruner = method == "PX" ? new PathExclusionPruner() : new SynFlowPruner();
        using var scores = pruner.Score(net, PruningData.From([(randn([4, 3, size, size], float64), zeros([4], int64))]));
        var selection = new ChannelSelection(structure, new ChannelOptions());
        var written = selection.Scores(scores);
        var read = structure.Groups.ToDictionary(group => group, _ => 0.0);
        foreach (var layer in structure.Layers)
        {
            double[] sums = layer.Sums(scores[layer.Slot], outputs: false);
            for (int unit = 0; unit < sums.Length; unit++) read[layer.Inputs[unit]] += sums[unit];
        }

        var groups = structure.Groups.Where(group => group.WhyStays is null).ToList();
        groups.Should().HaveCountGreaterThan(20);
        double largest = groups.Max(group => read[group]);
        largest.Should().BePositive();
        groups.Should().OnlyContain(group => Math.Abs(written[group].Sum - read[group]) <= 1e-9 * largest);
    }

    [Theory, MemberData(nameof(Names))]
    public void PruneChannels_HalfTheFlops_IsTheMaskedNetwork(string name)
    {
        using var scope = NewDisposeScope();
        using var net = Create(name);
        long[] shape = [3, networks[name].Size, networks[name].Size];
        Trained.Fill(net, 3);
        IPruner pruner = name.Contains("googlenet") ? new MagnitudePruner() : new SynFlowPruner();
        var options = untimed with { Scoring = new() { Rounds = name.Contains("googlenet") ? 1 : 3 } };

        using var result = pruner.PruneChannels(net, () => networks[name].Create(), PruningData.Shape(shape), ChannelTarget.Flops(0.5), options);

        output.WriteLine(result.ToString());
        using var small = result.Model;
        using var binding = result.Mask.Bind(net);
        using var noGrad = no_grad();
        var input = 30 * randn([3, .. shape], float64); // beside biases that no training has fitted
        var (masked, found) = (net.call(input), small.call(input));
        double largest = masked.abs().max().ToDouble();
        masked.std(0).max().ToDouble().Should().BeGreaterThan(1e-3 * largest, "the network still answers to its input");
        (found - masked).abs().max().ToDouble().Should().BeLessThan(1e-6 * largest);
        long flops = ModelSummary.Of(small, shape).Flops;
        result.Shrunk.Flops.Should().Be(flops).And.BeInRange((long)(0.42 * result.Shrunk.FlopsBefore), result.Shrunk.FlopsBefore / 2);
        result.Shrunk.Parameters.Should().Be(small.parameters().Sum(p => p.numel()));
        // The mask counts what is gone: the selection's weights are those of the network that was really shrunk.
        result.Mask.Kept.Should().Be(small.named_parameters().Where(p => result.Mask.Contains(p.name)).Sum(p => p.parameter.numel()));
    }

    private static Module<Tensor, Tensor> Create(string name)
    {
        manual_seed(1);
        var net = networks[name].Create().to(ScalarType.Float64);
        using var noGrad = no_grad();
        // TorchVision draws depthwise weights as if each were read from all channels, so that signals fade away.
        foreach (var depthwise in net.modules().OfType<Convolution>().Where(layer => layer.groups > 1)) depthwise.weight.mul_(Math.Sqrt(depthwise.groups));
        net.eval();
        return net;
    }

    private static ChannelStructure Study(Module<Tensor, Tensor> net, int size) =>
        new ShrinkRun(net, net, PruningData.Shape(3, size, size), new ShrinkOptions(), CancellationToken.None).Study();

    private static IEnumerable<int> Units(ChannelGroup[] channels, ChannelGroup group) =>
        Enumerable.Range(0, channels.Length).Where(unit => channels[unit] == group);

    /// <summary>Input channels of layers that are zero where these layers return zeros in a group, and positive numbers otherwise.</summary>
    private static HashSet<(string, int)> Zeros(Module<Tensor, Tensor> net, Tensor input, params (ChannelLayer Layer, ChannelGroup Group)[] without)
    {
        using var scope = NewDisposeScope();
        var zero = new HashSet<(string, int)>();
        var gone = without.ToDictionary(writer => writer.Layer.Name, writer => Units(writer.Layer.Outputs, writer.Group).ToList());
        var removers = new List<Action>();
        foreach (var (name, module) in net.named_modules().Where(m => m.module is Convolution or TorchSharp.Modules.Linear))
        {
            var layer = (Module<Tensor, Tensor>)module;
            removers.Add(layer.register_forward_pre_hook((_, x) =>
            {
                double[] largest = x.abs().transpose(0, 1).flatten(1).amax([1L]).data<double>().ToArray();
                zero.UnionWith(Enumerable.Range(0, largest.Length).Where(unit => largest[unit] == 0).Select(unit => (name, unit)));
                return x;
            }).remove);
            removers.Add(layer.register_forward_hook((_, _, y) =>
            {
                var positive = rand_like(y) + 0.1;
                foreach (int unit in gone.GetValueOrDefault(name) ?? []) positive.narrow(1, unit, 1).zero_();
                return positive;
            }).remove);
        }

        net.call(input);
        removers.ForEach(remove => remove());
        return zero;
    }
}
