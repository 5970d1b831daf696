using Px.Pruning.Tests.Networks.Known;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Known;

/// <summary>A refusal takes at most the memory of one forward and backward pass of a scoring batch, the library's copy of the data included.</summary>
[Collection(SharedKnownRuns.Name)]
public class RefusalMemoryTests(KnownRuns runs)
{
    private const int BatchSize = 64;
    private const long OfTheRuntime = 1 << 16; // what the runtime itself allocates meanwhile
    private const int Tries = 5; // now and then it allocates more, to compile a method again for example: the least of several counts

    public static TheoryData<string> Networks => [.. KnownNetworks.All.Keys];

    [NativeHeapTheory, MemberData(nameof(Networks))]
    public void Prune_Refused_TakesNoMoreThanAPass(string network)
    {
        var refusing = runs.Of(network).Where(answer => answer.Refusal is not null).Select(answer => answer.Pruner).ToHashSet();
        var known = KnownNetworks.All[network];
        using var model = known.Create();
        using var data = new Batches(known, count: 1, size: BatchSize);
        long Pass() => Peak(() =>
        {
            model.zero_grad();
            using var scope = NewDisposeScope();
            functional.cross_entropy(model.call(data.First.Input), data.First.Target).backward();
            return NativeHeap.Used;
        });
        Pass();
        long pass = Pass();
        model.zero_grad();

        foreach (var pruner in SixteenPruners.With(data.Train).Where(pruner => refusing.Contains(pruner.GetType().Name)))
        {
            long Refusal() => Peak(() =>
            {
                var act = () => pruner.Prune(model, data.All, 0.9, KnownRuns.Options(pruner) with { BatchSize = BatchSize });
                act.Should().Throw<UnsupportedModelException>();
                return 0;
            });
            Refusal();
            long refusal = Refusal();
            for (int i = 1; i < Tries && refusal > pass + OfTheRuntime; i++) refusal = Math.Min(refusal, Refusal());

            refusal.Should().BeLessThanOrEqualTo(pass + OfTheRuntime, pruner.Name);
        }
    }

    /// <summary>The most native bytes beyond those before, as another thread sees them and at work's end.</summary>
    private static long Peak(Func<long> work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long peak = 0;
        bool isOver = false;
        var watch = new Thread(() =>
        {
            for (; !Volatile.Read(ref isOver); Thread.Sleep(1)) peak = Math.Max(peak, NativeHeap.Used);
        });
        long found = NativeHeap.Used;
        watch.Start();
        long atEnd = work();
        Volatile.Write(ref isOver, true);
        watch.Join();
        return Math.Max(peak, atEnd) - found;
    }
}
