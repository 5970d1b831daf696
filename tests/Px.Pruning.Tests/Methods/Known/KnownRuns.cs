using System.Text.RegularExpressions;
using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Networks.Known;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.Known;

/// <summary>What each of the pruners says to each of the known networks. Every network is run once.</summary>
public sealed class KnownRuns
{
    private const double Sparsity = 0.9;

    private readonly Dictionary<string, IReadOnlyList<Answer>> rows = [];

    /// <summary>The answers of all pruners. Whatever else than an answer they do makes this throw.</summary>
    internal IReadOnlyList<Answer> Of(string network)
    {
        if (rows.TryGetValue(network, out var row)) return row;
        var known = KnownNetworks.All[network];
        using var found = new TorchVisionModels.Found(known.Create());
        using var data = new Batches(known);
        return rows[network] = [.. SixteenPruners.With(data.Train).Select(pruner => Ask(pruner, found, data))];
    }

    internal static PruningOptions Options(IPruner pruner) =>
        new() { Rounds = pruner is WideTopoPruner ? 1 : Math.Min(2, pruner.DefaultRounds), Data = DataBudget.All, BatchSize = Batches.Size, Seed = 1 };

    private static Answer Ask(IPruner pruner, TorchVisionModels.Found found, Batches data)
    {
        long live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        UnsupportedModelException? refusal = null;
        try
        {
            using var result = pruner.Prune(found.Model, data.All, Sparsity, Options(pruner));
            ShouldBeExact(result, found.Model);
            found.ShouldBeAsMade(result.Mask);
        }
        catch (UnsupportedModelException e)
        {
            refusal = e;
            found.ShouldBeAsMade();
        }

        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live, $"{pruner.Name} leaves no tensor behind");
        if (refusal is null) found.PutBack();
        return new Answer(pruner.GetType().Name, refusal);
    }

    private static void ShouldBeExact(PruningResult result, Module<Tensor, Tensor> model)
    {
        long all = model.modules().Sum(module => module switch
        {
            Convolution layer => layer.weight.numel(),
            Linear layer => layer.weight.numel(),
            _ => 0,
        });
        var left = result.Report.UnusedLayers.Concat(result.Report.GateWeights).Where(layer => !result.Mask.Contains(layer.Name));
        (result.Mask.Total + left.Sum(layer => layer.Total)).Should().Be(all);
        result.Mask.Kept.Should().Be((long)Math.Round((1 - Sparsity) * result.Mask.Total, MidpointRounding.AwayFromZero));
        result.Report.Kept.Should().Be(result.Mask.Kept);
        result.Binding.AssertHeld();
    }
}

/// <summary>Tests that share the runs.</summary>
[CollectionDefinition(Name)]
public sealed class SharedKnownRuns : ICollectionFixture<KnownRuns>
{
    internal const string Name = "Known networks";
}

/// <summary>The class of a pruner, and its refusal of a network; null where it prunes it.</summary>
internal sealed record Answer(string Pruner, UnsupportedModelException? Refusal)
{
    /// <summary>The pruners that the refusal says to take instead.</summary>
    internal IReadOnlyList<string> Instead
    {
        get
        {
            string[] halves = Refusal!.Message.Split("can be pruned by");
            halves.Should().HaveCount(2, Refusal.Message);
            return [.. Regex.Matches(halves[1], @"\w+Pruner").Select(match => match.Value)];
        }
    }
}

/// <summary>Batches of a known network's data. Owns them.</summary>
internal sealed class Batches : IDisposable
{
    internal const int Size = 4;

    private readonly (Tensor Input, Tensor Target)[] batches;

    internal Batches(Networks.Known.Known known, int count = 2, int size = Size)
    {
        using var scope = NewDisposeScope();
        var (input, target) = known.Data(count * size);
        batches = [.. input.split(size).Zip(target.split(size))];
        foreach (var (x, y) in batches) (_, _) = (x.DetachFromDisposeScope(), y.DetachFromDisposeScope());
    }

    internal PruningData All => PruningData.From(batches);

    internal (Tensor Input, Tensor Target) First => batches[0];

    /// <summary>One step of SGD.</summary>
    internal void Train(Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        using var optimizer = optim.SGD(model.parameters(), 0.01);
        functional.cross_entropy(model.call(First.Input), First.Target).backward();
        optimizer.step();
    }

    public void Dispose()
    {
        foreach (var (input, target) in batches)
        {
            input.Dispose();
            target.Dispose();
        }
    }
}
