using System.Globalization;
using Px.Pruning;
using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.GpuCheck;

/// <summary>The time that pruning takes: that of the paper's Table 2, PX in a hundred rounds on a ResNet-20 with a batch of 128, and of two other methods.</summary>
internal static class TimeCheck
{
    internal static string Run(CheckContext context)
    {
        using var scope = NewDisposeScope();
        var (rounds, batch) = context.IsDryRun ? (2, 16) : (100, 128);
        var data = PruningData.From([Data.Images(float32, batch, side: 32)]);
        var px = Seconds(new PathExclusionPruner(), rounds);
        var others = new IPruner[] { new SynFlowPruner(), new SnipPruner() }.Select(pruner => Said(pruner, Seconds(pruner, pruner.DefaultRounds == 1 ? 1 : rounds)));
        var detail = $"{Said(new PathExclusionPruner(), px)} for {rounds} rounds of {batch} images; {string.Join(", ", others)}";
        return px <= (context.PxSeconds ?? double.PositiveInfinity)
            ? detail
            : throw new CheckFailedException(string.Create(CultureInfo.InvariantCulture, $"{detail}; PX may take {context.PxSeconds:F1} s"));

        double Seconds(IPruner pruner, int rounds)
        {
            // The first call also loads kernels and chooses between them.
            Prune(pruner, Math.Min(2, rounds));
            return Prune(pruner, rounds).TotalSeconds;
        }

        TimeSpan Prune(IPruner pruner, int rounds)
        {
            using var network = CifarResNet.Create(new() { Seed = 1 }).to(context.Device);
            using var result = pruner.Prune(network, data, 0.98, new PruningOptions { Data = DataBudget.All, Rounds = rounds, Seed = 1 });
            return result.Elapsed;
        }

        static string Said(IPruner pruner, double seconds) => string.Create(CultureInfo.InvariantCulture, $"{pruner.Name} {seconds:F2} s");
    }
}
