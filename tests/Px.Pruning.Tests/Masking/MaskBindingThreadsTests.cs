using System.Collections.Concurrent;
using System.Diagnostics;
using Px.Pruning.Analysis;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Masking;

/// <summary>Threads that meet on one model: forward passes beside binding and its end, and calls that set modes and hooks.</summary>
public sealed class MaskBindingThreadsTests
{
    private static readonly TimeSpan duration = TimeSpan.FromSeconds(1);

    /// <summary>The weights are pruned before, so that binding changes no number: every output is the same, whenever it runs.</summary>
    [Fact]
    public void BindAndDispose_BesideForwardPasses_AreSafe()
    {
        using var scope = NewDisposeScope();
        using var net = new MaskedNet();
        net.eval();
        using var mask = net.HalfMask();
        using var standing = mask.Bind(net); // so that calls walk through hooks, which makes them meet
        var input = MaskedNet.Batch().Input;
        float expected;
        using (no_grad())
            expected = net.call(input).sum().ToSingle();
        using var done = new CancellationTokenSource();
        var failures = new ConcurrentBag<Exception>();
        int calls = 0;
        var forwards = Enumerable.Range(0, 3).Select(i => Start(failures, () =>
        {
            while (!done.IsCancellationRequested)
            {
                using var temporaries = NewDisposeScope();
                using var ungraded = no_grad();
                (i == 0 ? net.forward(input) : net.call(input)).sum().ToSingle().Should().Be(expected);
                Interlocked.Increment(ref calls);
            }
        })).ToList();

        int bound = 0;
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < duration && failures.IsEmpty; bound++)
        {
            using var binding = mask.Bind(net);
            binding.AssertHeld();
        }

        done.Cancel();
        forwards.ForEach(thread => thread.Join());
        failures.Should().BeEmpty();
        (bound, calls).Should().Match<(int, int)>(n => n.Item1 > 20 && n.Item2 > 20);
        standing.AssertHeld();
    }

    /// <summary>Binding changes weights here: each pass computes with what it finds, none fails, and at the end all hooks are gone.</summary>
    [Fact]
    public void BindAndDispose_OfDenseModelBesideForwardPasses_NeitherFails()
    {
        using var scope = NewDisposeScope();
        using var net = new MaskedNet();
        net.eval();
        var masks = Enumerable.Range(0, 4).Select(seed => net.HalfMask(seed)).ToList();
        var input = MaskedNet.Batch().Input;
        using var done = new CancellationTokenSource();
        var failures = new ConcurrentBag<Exception>();
        var forward = Start(failures, () =>
        {
            while (!done.IsCancellationRequested)
            {
                using var temporaries = NewDisposeScope();
                using var ungraded = no_grad();
                net.call(input).isfinite().all().ToBoolean().Should().BeTrue();
            }
        });
        var random = new Random(1);
        var bindings = new Queue<MaskBinding>();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < duration && failures.IsEmpty;)
        {
            if (random.Next(2) == 0) bindings.Enqueue(masks[random.Next(4)].Bind(net));
            else if (bindings.TryDequeue(out var binding)) binding.Dispose();
        }

        foreach (var binding in bindings) binding.Dispose();
        done.Cancel();
        forward.Join();
        masks.ForEach(mask => mask.Dispose());
        failures.Should().BeEmpty();
        using (no_grad()) net.get_parameter("conv.weight")!.fill_(1);
        net.call(input);
        net.get_parameter("conv.weight")!.eq(1).all().ToBoolean().Should().BeTrue("no hook is left");
    }

    public static TheoryData<string> Second => [.. seconds.Keys];

    private static readonly Dictionary<string, Action<ConvNet>> seconds = new()
    {
        ["prune"] = net => new SnipPruner().Prune(net, Data(), 0.5).Dispose(),
        ["score"] = net => new MagnitudePruner().Score(net, PruningData.None).Dispose(),
        ["imp"] = net => new IterativeMagnitudePruner((_, _) => Assert.Fail("trains beside another call")).Prune(net, PruningData.None, 0.5).Dispose(),
        ["analyse"] = net => NetworkAnalysis.Analyze(net, [3, 8, 8]),
        ["shrink"] = net => global::Px.Pruning.Shrinking.Shrinker.Shrink(net, [3, 8, 8]),
        ["bind"] = net =>
        {
            using var mask = new PruningMask([KeyValuePair.Create("fc.weight", zeros(net.get_parameter("fc.weight")!.shape))]);
            mask.Bind(net).Dispose();
        },
        ["a model around it"] = net =>
        {
            var outer = Sequential(("inner", net));
            new MagnitudePruner().Prune(outer, PruningData.None, 0.5).Dispose();
        },
    };

    /// <summary>The second call comes while the first reads its data; the first then ends as if nothing had been.</summary>
    [Theory]
    [MemberData(nameof(Second))]
    public void SecondCall_OnAnotherThread_IsRefusedByName(string second)
    {
        using var scope = NewDisposeScope();
        using var net = new ConvNet();
        using var twin = new ConvNet();
        twin.load_state_dict(net.state_dict());
        Exception? refusal = null;
        IEnumerable<(Tensor, Tensor)> Batches(bool disturbed)
        {
            if (disturbed)
            {
                var failures = new ConcurrentBag<Exception>();
                Start(failures, () => seconds[second](net)).Join();
                refusal = failures.SingleOrDefault();
            }

            yield return Batch();
        }

        var options = new PruningOptions { Seed = 1 };
        using var expected = new SnipPruner().Prune(twin, PruningData.From(Batches(disturbed: false)), 0.5, options);

        using var result = new SnipPruner().Prune(net, PruningData.From(Batches(disturbed: true)), 0.5, options);

        refusal.Should().BeOfType<InvalidOperationException>().Which.Message.Should().Match("*ConvNet*SNIP*one call at a time*");
        result.Mask.Jaccard(expected.Mask).Should().Be(1);
        foreach (var (name, parameter) in twin.named_parameters())
            net.get_parameter(name)!.bytes.ToArray().Should().Equal(parameter.bytes.ToArray(), name);
        net.training.Should().BeTrue();

        // Once the first is over, the model is free.
        var later = new ConcurrentBag<Exception>();
        Start(later, () => new MagnitudePruner().Score(net, PruningData.None).Dispose()).Join();
        later.Should().BeEmpty();
    }

    [Fact]
    public void Prune_FromManyThreadsAtOnce_EachPrunesOrIsRefused()
    {
        using var scope = NewDisposeScope();
        using var net = new ConvNet();
        var failures = new ConcurrentBag<Exception>();
        int pruned = 0;
        var watch = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, 4).Select(_ => Start(failures, () =>
        {
            while (watch.Elapsed < duration)
            {
                try
                {
                    using var result = new SnipPruner().Prune(net, Data(), 0.5);
                    Interlocked.Increment(ref pruned);
                }
                catch (InvalidOperationException e) when (e.Message.Contains("one call at a time", StringComparison.Ordinal))
                {
                }
            }
        })).ToList();

        threads.ForEach(thread => thread.Join());

        failures.Should().BeEmpty();
        pruned.Should().BePositive();
        net.training.Should().BeTrue();
    }

    /// <summary>Calls within a call: from the loader, on the same thread.</summary>
    [Fact]
    public void Prune_AnalysedByItsOwnLoader_IsOneCall()
    {
        using var scope = NewDisposeScope();
        using var net = new ConvNet();
        IEnumerable<(Tensor, Tensor)> Batches()
        {
            NetworkAnalysis.Analyze(net, [3, 8, 8]);
            yield return Batch();
        }

        using var result = new SnipPruner().Prune(net, PruningData.From(Batches()), 0.5);

        result.Report.Sparsity.Should().BeApproximately(0.5, 0.01);
    }

    private static PruningData Data() => PruningData.From([Batch()]);

    private static (Tensor, Tensor) Batch() => (arange(3 * 64, dtype: float32).div(100).reshape(1, 3, 8, 8), zeros(1, dtype: int64));

    private static Thread Start(ConcurrentBag<Exception> failures, Action work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                failures.Add(e);
            }
        });
        thread.Start();
        return thread;
    }
}
