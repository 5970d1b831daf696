using Px.Pruning;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.GpuCheck;

/// <summary>
/// A method prunes a float64 network on the device to the mask that it has on the CPU, changes nothing else of the model, and the mask holds through training.
/// </summary>
internal static class MethodCheck
{
    private const double Sparsity = 0.8;
    private const int Rounds = 3;

    // Methods that follow paths, and one that differentiates a loss.
    private static readonly string[] OddMethods = ["px", "px-joint", "synflow", "phew", "snip"];

    internal static string Run(string name, CheckContext context) => Run(name, () => new UsualNet(), context);

    internal static string RunOdd(CheckContext context)
    {
        foreach (var name in OddMethods)
            Run(name, () => new OddNet(), context);
        return string.Join(", ", OddMethods);
    }

    private static string Run(string name, Func<Module<Tensor, Tensor>> create, CheckContext context)
    {
        using var scope = NewDisposeScope();
        var (images, labels) = Data.Images(float64);
        var data = PruningData.From([(images, labels)]);
        var pruner = MethodCatalog.Create(name, (model, round) => Train(model, round.Binding, images, labels), Path.Combine(context.Folder, "imp.safetensors"));
        var options = new PruningOptions { Data = DataBudget.All, Rounds = MethodCatalog.Iterates(name) ? Rounds : null, Seed = 3 };

        using var onCpu = Data.New(create, CPU);
        using var expected = pruner.Prune(onCpu, data, Sparsity, options);
        using var model = Data.New(create, context.Device);
        var before = new State(model);
        var drawn = random.get_rng_state();
        using (pruner.Score(model, data, options: options))
            before.RequireUnchanged(model, mask: null);
        using var found = pruner.Prune(model, data, Sparsity, options);

        RequireSame(expected.Mask, found.Mask);
        before.RequireUnchanged(model, found.Mask);
        if (name != MethodCatalog.Imp && !State.Same(drawn, random.get_rng_state()))
            throw new CheckFailedException("The global random state is not what it was.");
        RequireHeld(model, found.Binding, images, labels);
        return $"the CPU's mask ({found.Mask.Kept:N0} of {found.Mask.Total:N0} weights), nothing else changed, held";
    }

    private static void RequireSame(PruningMask expected, PruningMask found)
    {
        if (!expected.Names.SequenceEqual(found.Names))
            throw new CheckFailedException("The mask has other parameters than on the CPU.");
        var common = expected.Names.Sum(name => expected[name].logical_and(found[name]).sum().ToInt64());
        if (common != expected.Kept || found.Kept != expected.Kept)
            throw new CheckFailedException($"The mask keeps {found.Kept} weights and the CPU's {expected.Kept}; {common} are in both.");
    }

    private static void RequireHeld(Module<Tensor, Tensor> model, MaskBinding binding, Tensor images, Tensor labels)
    {
        Train(model, binding, images, labels);
        binding.AssertHeld();
        using (no_grad())
        {
            foreach (var parameter in model.parameters())
                parameter.add_(1);
        }

        if (binding.IsHeld)
            throw new CheckFailedException("Pruned weights that are 1 count as zero.");
        model.call(images.to(model.parameters().First().device));
        binding.AssertHeld();
    }

    private static void Train(Module<Tensor, Tensor> model, MaskBinding binding, Tensor images, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var device = model.parameters().First().device;
        var (input, target) = (images.to(device), labels.to(device));
        using var optimizer = optim.SGD(model.parameters().ToList(), 0.1, momentum: 0.9, weight_decay: 1e-3);
        for (var step = 0; step < 3; step++)
        {
            optimizer.zero_grad();
            functional.cross_entropy(model.call(input), target).backward();
            optimizer.step();
            binding.Apply(optimizer);
        }
    }
}
