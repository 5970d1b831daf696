using System.Runtime.InteropServices;
using Px.Pruning.Tests.Networks;
using Px.Tests.Shared;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Methods;

/// <summary>Prunes with faults from a seed: broken weights and data, loaders and losses that throw, cancellation in the middle.</summary>
public class FaultySoakTests(ITestOutputHelper log)
{
    private sealed class InjectedException : Exception;

    [Fact]
    public void Prune_WithRandomFaults_AnswersOrThrowsWhatIsDocumentedAndLeavesEverything()
    {
        int prunes = SoakSize.Of("PX_SOAK_PRUNES", 150), answered = 0;
        var random = new Random(16);
        var methods = AllPruners.All.ToList();
        for (int prune = 0; prune < prunes; prune++)
        {
            using var scope = NewDisposeScope();
            using var model = new ConvNet();
            Break(model, random);
            var before = ModelState.Of(model);
            long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            string method = methods[random.Next(methods.Count)];
            using var source = new CancellationTokenSource();
            int failing = random.Next(12), fault = random.Next(4), calls = 0;
            // Counts what the library asks the caller for, and fails at one of these.
            void Ask()
            {
                if (calls++ != failing || fault == 0) return;
                if (fault == 1) source.Cancel();
                else throw new InjectedException();
            }

            var options = new PruningOptions { Rounds = 2, Seed = prune, Data = DataBudget.All };
            if (fault == 3)
            {
                options = options with
                {
                    Loss = (output, target) =>
                    {
                        Ask();
                        return nn.functional.cross_entropy(output, target);
                    },
                };
            }

            string what = $"{method}, prune {prune}, fault {fault} at {failing}";
            try
            {
                using var result = AllPruners.Get(method).Prune(model, Batches(random.Next(), Ask), 0, options, source.Token);
                result.Mask.Density.Should().Be(1);
                answered++;
            }
            // A loss of the caller's own is heard as it is: of a class that is none, for example.
            catch (Exception e) when (e is InjectedException or OperationCanceledException or ArgumentException or NonFiniteScoreException
                or UnsupportedModelException || (e is ExternalException && fault == 3))
            {
            }

            ModelState.Of(model).ShouldEqual(before);
            DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live, what);
        }

        log.WriteLine($"soak: prunes with faults: {answered} answered, {prunes - answered} refused, 0 models changed");
        answered.Should().BeInRange(prunes / 10, prunes - prunes / 10);
    }

    private static void Break(nn.Module model, Random random)
    {
        if (random.Next(3) > 0) return;
        using var noGrad = no_grad();
        var parameters = model.parameters().ToList();
        using var flat = parameters[random.Next(parameters.Count)].view(-1);
        flat[random.NextInt64(flat.numel())] = random.Next(3) switch { 0 => double.NaN, 1 => double.PositiveInfinity, _ => 1e30 };
    }

    private static IEnumerable<(Tensor, Tensor)> Batches(int seed, Action ask)
    {
        var random = new Random(seed);
        for (int batch = 0; batch < 3; batch++)
        {
            ask();
            using var input = full([random.Next(10) == 0 ? 1 : 4, 3, 8, 8], random.Next(20) == 0 ? double.NaN : random.NextDouble());
            using var target = full([input.size(0)], random.Next(20) == 0 ? 17 : random.Next(4), int64);
            yield return (input, target);
        }
    }
}
