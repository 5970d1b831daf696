using Px.Pruning.Tests.Networks;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Engine;

/// <summary>A call whose passes are small stays on one thread of libtorch, whatever the caller's number, which it puts back.</summary>
public class ThreadTests
{
    [Theory]
    [InlineData("PX")]
    [InlineData("SynFlow")]
    [InlineData("NTK-SAP")]
    public void Prune_ASmallNetwork_StaysOnOneThreadAndPutsTheNumberBack(string name)
    {
        int found = get_num_threads();
        set_num_threads(2);
        try
        {
            using var model = new ConvNet();
            var seen = new List<int>();
            var options = new PruningOptions { Rounds = 2, Seed = 1, Data = DataBudget.All, Progress = new Watcher(seen) };
            IPruner pruner = name switch { "PX" => new PathExclusionPruner(), "SynFlow" => new SynFlowPruner(), _ => new NtkSapPruner { Samples = 8 } };

            using var result = pruner.Prune(model, PruningData.From([Samples.Normal(8, [3, 8, 8])]), 0.5, options);

            seen.Should().Equal(1, 1);
            get_num_threads().Should().Be(2);
        }
        finally
        {
            set_num_threads(found);
        }
    }

    private sealed class Watcher(List<int> seen) : IProgress<PruningProgress>
    {
        public void Report(PruningProgress value) => seen.Add(get_num_threads());
    }
}
