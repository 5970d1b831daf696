using Px.Pruning.Tests.Networks.Known;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Known;

/// <summary>A refusal takes at most the memory of one forward and backward pass of a scoring batch, the library's copy of the data included.</summary>
public class RefusalMemoryTests(KnownRuns runs) : IClassFixture<KnownRuns>
{
    private const long OfTheRuntime = 1 << 16; // what the runtime itself allocates meanwhile, to compile a method for example

    public static TheoryData<string> Networks => [.. KnownNetworks.All.Keys];

    [NativeHeapTheory, MemberData(nameof(Networks))]
    public void Prune_Refused_TakesNoMoreThanAPass(string network)
    {
        var refusing = runs.Of(network).Where(answer => answer.Refusal is not null).Select(answer => answer.Pruner).ToHashSet();
        var known = KnownNetworks.All[network];
        using var model = known.Create();
        using var data = new Batches(known);
        long Pass() => Peak(model, () =>
        {
            model.zero_grad();
            using var scope = NewDisposeScope();
            functional.cross_entropy(model.call(data.First.Input), data.First.Target).backward();
            return NativeHeap.Used;
        });
        Pass();
        long pass = Pass();
        model.zero_grad();

        foreach (var pruner in FifteenPruners.With(data.Train).Where(pruner => refusing.Contains(pruner.GetType().Name)))
        {
            long Refusal() => Peak(model, () =>
            {
                var act = () => pruner.Prune(model, data.All, 0.9, KnownRuns.Options(pruner));
                act.Should().Throw<UnsupportedModelException>();
                return 0;
            });
            Refusal();
            long refusal = Enumerable.Range(0, 3).Min(_ => Refusal());

            refusal.Should().BeLessThanOrEqualTo(pass + OfTheRuntime, pruner.Name);
        }
    }

    /// <summary>The most native bytes beyond those before, as seen where modules begin and end, at work's end, and by another thread.</summary>
    private static long Peak(Module<Tensor, Tensor> model, Func<long> work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long peak = 0;
        void Look()
        {
            long used = NativeHeap.Used, before;
            while (used > (before = Interlocked.Read(ref peak))) Interlocked.CompareExchange(ref peak, used, before);
        }

        var hooks = model.modules().OfType<Module<Tensor, Tensor>>().Distinct()
            .SelectMany(module => new[] { module.register_forward_pre_hook(_ => Look()), module.register_forward_hook(_ => Look()) }).ToList();
        bool isOver = false;
        var watch = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver)) Look();
        });
        long found = NativeHeap.Used;
        watch.Start();
        long atEnd = work();
        Volatile.Write(ref isOver, true);
        watch.Join();
        hooks.ForEach(hook => hook.remove());
        return Math.Max(peak, atEnd) - found;
    }
}
