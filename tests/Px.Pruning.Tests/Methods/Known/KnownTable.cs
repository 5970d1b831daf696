using System.Text;
using System.Text.RegularExpressions;
using Px.Pruning.Tests.Networks.Known;

namespace Px.Pruning.Tests.Methods.Known;

/// <summary>docs/networks.md: the answers as a table, and a line for each refusal.</summary>
internal static class KnownTable
{
    internal const string Command = "PX_UPDATE_DOCS=1 dotnet test -c Release tests/Px.Pruning.Tests --filter KnownNetworksTests";

    /// <summary>What a message says, in three words, and its gist with what to do.</summary>
    private static readonly (string Message, string Words, string Gist)[] refusals =
    [
        ("no second derivative", "no second derivative",
            "the method differentiates the loss twice, and libtorch cannot do that with this module's operation. Another module of the same "
            + "kind may have one: `Sigmoid` instead of `Hardsigmoid`."),
        ("gives the network numbers that are not integers", "input is indices",
            "the method makes inputs of its own or follows paths from the input, and an embedding takes whole numbers, where no path begins."),
        ("computes in another type than", "type of a native module",
            "the method computes in float64, and this module of TorchSharp's reads its own float32 parameters in native code. Converted by "
            + "`to(float64)` the model can be pruned."),
        ("multiplies activations with each other where no hook sees", "no paths inside",
            "this module of TorchSharp's multiplies activations with each other in native code. Written with layers and activations of the "
            + "model's own, called through `call`, each of them is seen."),
        ("is not linear in non-negative inputs", "gates that multiply",
            "what is no activation of its own between two layers multiplies paths or adds constants, so that the network is no sum of paths."),
        ("combined with something else before any module saw it", "pooling as function",
            "a max-pooling (or activation) called as a function is combined with other maps before any module sees it, so that its path "
            + "activations are unknown. Make it a module and call it through `call`."),
        ("is not linear once its activation modules are taken out", "activation as function",
            "this variant of PX takes activations out, which it can where they are modules called through `call`. "
            + "`KeepsFunctionalActivations` leaves the others in."),
    ];

    internal static string Write(IReadOnlyDictionary<string, IReadOnlyList<Answer>> answers)
    {
        var text = new StringBuilder(
            $"""
            # Networks and pruners

            Ten networks as people have them, small (fewer blocks or channels, 16 to 75 pixels), against every pruner: it works, so that exactly the
            weights asked for are kept, or it is refused by an `UnsupportedModelException` before anything changes. Printed by a test that runs them:
            `{Command}`.

            Weights of convolutions and linear layers are ranked, of Inception v3 without its auxiliary head, which only runs in training.


            """.ReplaceLineEndings("\n"));
        string[] networks = [.. answers.Keys];
        text.Append("| | ").AppendJoin(" | ", networks).Append(" |\n|---|").AppendJoin("|", networks.Select(_ => "---")).Append("|\n");
        foreach (var row in networks.SelectMany(network => answers[network]).GroupBy(answer => answer.Pruner))
            text.Append($"| `{row.Key}` | ").AppendJoin(" | ", row.Select(answer => answer.Refusal is null ? "works" : Of(answer).Words)).Append(" |\n");

        text.Append("\nWhose code it is: ").AppendJoin(", ", networks.Select(network => $"{network}: {KnownNetworks.All[network].Source}"))
            .Append(".\n\n## Refusals\n\n");
        foreach (string network in networks)
        foreach (var alike in answers[network].Where(answer => answer.Refusal is not null).GroupBy(answer => (Of(answer).Words, answer.Refusal!.Module)))
        {
            var instead = alike.First().Instead;
            text.Append($"- **{network}, {alike.Key.Words}** ({List(alike.Select(answer => answer.Pruner))}; `{alike.Key.Module}`): ")
                .Append($"{Of(alike.First()).Gist} Instead: {List(instead)}.\n");
        }

        return text.ToString();
    }

    private static (string Message, string Words, string Gist) Of(Answer answer)
    {
        var known = refusals.Where(refusal => Regex.IsMatch(answer.Refusal!.Message, refusal.Message)).ToList();
        known.Should().ContainSingle($"the table has words for: {answer.Refusal!.Message}");
        return known[0];
    }

    private static string List(IEnumerable<string> pruners) => string.Join(", ", pruners.Select(pruner => $"`{pruner}`"));
}
