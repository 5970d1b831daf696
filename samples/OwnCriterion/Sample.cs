using Px.Pruning;
using Px.Pruning.Models;
using Px.Runner;
using Px.Runner.Display;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Samples.OwnCriterion;

/// <summary>Prunes a ResNet by criteria of one's own, beside the library's, and prints where they differ.</summary>
public static class Sample
{
    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) => ConsoleProgram.Run(
        OwnCriterionOptions.Define().ToCommand("own-criterion", "Prunes a ResNet by criteria of one's own and by the library's, and compares the masks.", options => Run(options, terminal, token)),
        arguments, terminal, token);

    private static void Run(OwnCriterionOptions options, Terminal terminal, CancellationToken token)
    {
        var device = Devices.Choose(options.Cuda);
        Compare(Criteria.Lamp, new MagnitudePruner());
        Compare(Criteria.Saliency, new SnipPruner());

        void Compare(CustomPruner mine, Pruner theirs)
        {
            using var myModel = NewModel();
            using var my = Prune(mine, myModel);
            using var theirModel = NewModel();
            using var their = Prune(theirs, theirModel);
            terminal.WriteLine(my.Report.ToString());
            terminal.WriteLine(FormattableString.Invariant(
                $"{mine.Name} and {theirs.Name} have {100 * my.Mask.Overlap(their.Mask):F2} % of the weights that they keep in common. ")
                + $"Layers of which nothing is left: {my.Report.CollapsedLayers.Count} by {mine.Name}, {their.Report.CollapsedLayers.Count} by {theirs.Name}.");
            terminal.WriteLine();
        }

        CifarResNet NewModel() => CifarResNet.Create(new() { Depth = options.Depth, Seed = options.Seed }).to(device);

        PruningResult Prune(Pruner pruner, CifarResNet model)
        {
            using var bar = new PruningBar(terminal, $"{pruner.Name}: pruning", options.Rounds);
            var settings = new PruningOptions { Rounds = options.Rounds, Seed = options.Seed, Data = DataBudget.All, Progress = bar };
            return pruner.Prune(model, PruningData.From(Images(options.Seed, device)), options.Sparsity, settings, token);
        }
    }

    // A hundred images of noise, ten a class: enough to see how criteria differ, and no download. The tensors live until the next batch.
    private static IEnumerable<(Tensor Input, Tensor Target)> Images(int seed, Device device)
    {
        using var generator = new Generator((ulong)seed);
        using var input = randn([100, 3, 32, 32], generator: generator).to(device);
        using var target = arange(100, int64).remainder(10).to(device);
        yield return (input, target);
    }
}
