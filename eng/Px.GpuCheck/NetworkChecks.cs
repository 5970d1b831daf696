using System.Globalization;
using Px.Pruning;
using Px.Pruning.Analysis;
using Px.Pruning.Shrinking;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.GpuCheck;

/// <summary>What is done with networks beside pruning, on the device and on the CPU.</summary>
internal static class NetworkChecks
{
    private static readonly long[] Sample = [3, Data.Side, Data.Side];

    /// <summary>The same table of weights, units and FLOPs, and the same weights on paths.</summary>
    internal static string Analysis(CheckContext context)
    {
        using var scope = NewDisposeScope();
        foreach (var create in new Func<Module<Tensor, Tensor>>[] { () => new UsualNet(), () => new OddNet() })
        {
            using Module<Tensor, Tensor> onCpu = Data.New(create, CPU), model = Data.New(create, context.Device);
            using var pruned = new MagnitudePruner().Prune(onCpu, PruningData.Shape(Sample), 0.9, new PruningOptions { Seed = 1 });
            var (expected, found) = (NetworkAnalysis.Analyze(onCpu, Sample, pruned.Mask), NetworkAnalysis.Analyze(model, Sample, pruned.Mask));
            if (found.ToString() != expected.ToString())
                throw new CheckFailedException($"The analysis is another one than on the CPU:\n{found}");
        }

        return "the CPU's numbers";
    }

    /// <summary>The same eigenvalues, trace and bound of the Neural Tangent Kernel, up to float64's rounding.</summary>
    internal static string Ntk(CheckContext context)
    {
        using var scope = NewDisposeScope();
        var data = PruningData.From([Data.Images(float64)]);
        using Module<Tensor, Tensor> onCpu = Data.New(() => new UsualNet(), CPU), model = Data.New(() => new UsualNet(), context.Device);
        var kernel = new NtkOptions { Data = DataBudget.PerClass(1), Seed = 1 };
        double[] Numbers(Module<Tensor, Tensor> network)
        {
            var spectrum = NtkAnalysis.Spectrum(network, data, options: kernel);
            var top = NtkAnalysis.TopEigenvalues(network, data, options: new NtkEigenvalueOptions { Kernel = kernel, Count = 3 });
            var bound = NtkAnalysis.Bound(network, data, options: new NtkTraceOptions { Kernel = kernel, Probes = 4 });
            return [.. spectrum.Eigenvalues.Take(10), spectrum.Trace, .. top.Eigenvalues, bound.Value, bound.Trace.Value];
        }

        var worst = Numbers(onCpu).Zip(Numbers(model), (expected, found) => Math.Abs(found - expected) / Math.Abs(expected)).Max();
        return worst <= 1e-6
            ? string.Create(CultureInfo.InvariantCulture, $"the CPU's numbers but for {worst:0.0e+0}")
            : throw new CheckFailedException(string.Create(CultureInfo.InvariantCulture, $"A number differs from the CPU's by {worst:0.0e+0} of it."));
    }

    /// <summary>The same channels go, and a float32 network passes its own comparison.</summary>
    internal static string Shrink(CheckContext context)
    {
        using var scope = NewDisposeScope();
        using Module<Tensor, Tensor> onCpu = Data.New(() => new UsualNet(), CPU), model = Data.New(() => new UsualNet(), context.Device);
        using var expected = Half(onCpu);
        using var found = Half(model);
        if (!expected.Mask.Names.All(name => State.Same(expected.Mask[name], found.Mask[name])))
            throw new CheckFailedException("Other channels went than on the CPU.");
        using var single = Data.New(() => new UsualNet(), context.Device).to(float32);
        using var half = Half(single);
        return string.Create(CultureInfo.InvariantCulture,
            $"the CPU's channels; outputs differ by {found.Shrunk.OwnDifference:0.0e+0} in float64, {half.Shrunk.OwnDifference:0.0e+0} in float32");

        static ChannelResult Half(Module<Tensor, Tensor> network) => new SynFlowPruner().PruneChannels(
            network, PruningData.Shape(Sample), ChannelTarget.Flops(0.5), new ChannelOptions { Scoring = new PruningOptions { Rounds = 3, Seed = 1 } });
    }

    /// <summary>A pruned network and its mask come back from files, onto the device and onto the CPU.</summary>
    internal static string Files(CheckContext context)
    {
        using var scope = NewDisposeScope();
        using var model = Data.New(() => new UsualNet(), context.Device);
        using var pruned = new SnipPruner().Prune(model, PruningData.From([Data.Images(float64)]), 0.9, new PruningOptions { Seed = 1 });
        var (network, mask) = (Path.Combine(context.Folder, "network.safetensors"), Path.Combine(context.Folder, "mask.safetensors"));
        PrunedFile.Save(network, model, pruned.Mask);
        pruned.Mask.Save(mask);
        var saved = new State(model);
        foreach (var device in new[] { context.Device, CPU })
        {
            using var fresh = new UsualNet().to(float64).to(device);
            using var loaded = PrunedFile.Load(network, fresh);
            using var reloaded = PruningMask.Load(mask);
            if (loaded.Names.Any(name => !State.Same(loaded[name], reloaded[name]) || !State.Same(loaded[name], pruned.Mask[name])))
                throw new CheckFailedException("A mask came back as another one.");
            saved.RequireUnchanged(fresh, mask: null);
            using var binding = reloaded.Bind(fresh);
            binding.AssertHeld();
        }

        return "the same bits on both devices";
    }
}
