using Px.Pruning.Tests.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods;

/// <summary>A batch more takes time, not memory: what a method holds beside the data does not depend on the number of samples.</summary>
/// <remarks>
/// The network has many weights and few of everything else, so that what a batch leaves behind shows: a copy of the weights from each
/// batch is 60 MB here. All is counted where the network begins and ends to run, and where the loss is taken.
/// </remarks>
public class SampleMemoryTests
{
    private const int Few = 128, Many = 1280, BatchSize = 32;
    private const long OfTheRuntime = 1 << 15; // a method without a pass holds no more than this; one sample's feature maps in 36 batches do

    public static TheoryData<string, bool> Cases()
    {
        var cases = new TheoryData<string, bool>();
        foreach (var name in AllPruners.All) cases.Add(name, false);
        foreach (var name in AllPruners.NeedNoGates) cases.Add(name, true);
        return cases;
    }

    [NativeHeapTheory, MemberData(nameof(Cases))]
    public void Prune_TenTimesTheSamples_TakesNoMoreMemory(string name, bool silent)
    {
        long BytesOf(int samples) => Peak(name, silent, samples, static () => NativeHeap.Used, static _ => 0);
        BytesOf(Few); // libtorch keeps some buffers for ever
        var few = Math.Min(BytesOf(Few), BytesOf(Few));

        // What the runtime allocates meanwhile, to compile a method again for example, comes on top. What a batch leaves is there every time.
        var many = BytesOf(Many);
        double allowed = 1.1 * few + OfTheRuntime;
        for (int again = 0; again < 3 && many > allowed; again++) many = Math.Min(many, BytesOf(Many));

        ((double)many).Should().BeLessThanOrEqualTo(allowed, "{0} samples took {1} bytes", Few, few);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Prune_TenTimesTheSamples_HoldsNoMoreTensors(string name, bool silent)
    {
        static long Live() => DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        long DataOf(int samples) => AllPruners.Get(name).NeedsData ? 2 * samples / BatchSize : 2;

        var few = Peak(name, silent, Few, Live, DataOf);
        var many = Peak(name, silent, Many, Live, DataOf);

        many.Should().Be(few);
    }

    /// <summary>The most there was during a prune, beyond what there was before it and beyond the library's copy of the data.</summary>
    private static long Peak(string name, bool silent, int samples, Func<long> used, Func<int, long> dataOf)
    {
        var peak = long.MinValue;
        void Look() => peak = Math.Max(peak, used());
        manual_seed(3);
        using var model = new WideNet(silent, Look);
        using var input = rand(samples, WideNet.Inputs);
        using var target = arange(samples, int64).remainder(WideNet.Classes);
        var inputs = input.split(BatchSize);
        var targets = target.split(BatchSize);
        var options = new PruningOptions
        {
            Rounds = 1,
            Seed = 5,
            Data = DataBudget.All,
            BatchSize = BatchSize,
            Loss = (output, wanted) =>
            {
                Look();
                return functional.cross_entropy(output, wanted);
            },
        };
        var pruner = name == "NTK-SAP" ? new NtkSapPruner { Samples = samples, Repeats = 2 } : AllPruners.Get(name);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = used();

        pruner.Prune(model, PruningData.From(inputs.Zip(targets)), 0.5, options).Dispose();

        foreach (var batch in inputs.Concat(targets)) batch.Dispose();
        peak.Should().BeGreaterThan(long.MinValue, "the network was run");
        return peak - before - dataOf(samples);
    }

    private sealed class WideNet : Module<Tensor, Tensor>
    {
        internal const int Inputs = 8, Classes = 100;
        private const int Width = 600;

        private readonly Linear first, second, last;
        private readonly BatchNorm1d norm;
        private readonly ReLU relu1, relu2;
        private readonly bool silent;
        private readonly Action look;

        internal WideNet(bool silent, Action look) : base(nameof(WideNet))
        {
            (this.silent, this.look) = (silent, look);
            first = Linear(Inputs, Width);
            norm = BatchNorm1d(Width);
            relu1 = ReLU();
            second = Linear(Width, Width);
            relu2 = ReLU();
            last = Linear(Width, Classes);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            look();
            var x = input;
            foreach (var layer in new Module<Tensor, Tensor>[] { first, norm, relu1, second, relu2, last })
                x = silent ? layer.forward(x) : layer.call(x);
            look();
            return x;
        }
    }
}
