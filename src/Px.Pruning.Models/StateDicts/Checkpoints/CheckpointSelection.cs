using System.Globalization;
using Px.Bytes;
using Px.Pruning.Models.StateDicts.Pickle;

namespace Px.Pruning.Models.StateDicts.Checkpoints;

// Finds the state dict in what a checkpoint holds.
internal static class CheckpointSelection
{
    private const int NamesShown = 20;

    // Where training scripts put the state dict; the first that holds tensors is taken.
    private static readonly string[] UsualKeys = ["state_dict", "model", "model_state_dict", "module", "net"];

    // The dictionary whose entries are the tensors.
    // key: where to look, with slashes between levels; null for the usual places.
    // Throws InvalidDataException if there are no tensors; the message lists what is there.
    internal static PickleDictionary Find(PickleDictionary dictionary, string? key)
    {
        if (key is not null)
            return Descend(dictionary, key);
        return UsualKeys.Select(usual => dictionary.TryGet(usual, out var value) ? value as PickleDictionary : null)
            .FirstOrDefault(HasTensors)
            ?? (HasTensors(dictionary) ? dictionary : throw new InvalidDataException(
                $"it has tensors neither at the top nor under {string.Join(", ", UsualKeys)}. {Contents(dictionary)} Name the entry with "
                + $"{nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Key)}."));
    }

    // Throws InvalidDataException if what a file holds is no dictionary.
    internal static PickleDictionary RequireDictionary(object? root) => root switch
    {
        PickleDictionary dictionary => dictionary,
        PickleOpaque opaque => throw new InvalidDataException($"it holds no dictionary, but '{Excerpt.Of(opaque.Name)}': only Python could "
            + "make that, by running code, and nothing was run. In Python, save the weights: torch.save(model.state_dict(), path)."),
        _ => throw new InvalidDataException("it holds no dictionary, but something else. In Python, save one: "
            + "torch.save(model.state_dict(), path)."),
    };

    // A plain number, truth or text as a text; null for everything else.
    internal static string? PlainText(object? value) => value switch
    {
        string text => text,
        bool truth => truth ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => null,
    };

    private static PickleDictionary Descend(PickleDictionary dictionary, string key)
    {
        var found = dictionary;
        foreach (var part in key.Split('/'))
        {
            found = found.TryGet(part, out var value) && value is PickleDictionary inner ? inner
                : throw new InvalidDataException($"it has no dictionary under '{key}' "
                + $"({nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Key)}): '{part}' is not there, or none. {Contents(found)}");
        }

        return HasTensors(found) ? found
            : throw new InvalidDataException($"it has no tensors under '{key}' "
            + $"({nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Key)}). {Contents(found)}");
    }

    private static bool HasTensors(PickleDictionary? dictionary) =>
        dictionary is not null && dictionary.Entries.Any(entry => entry.Value is SavedTensor);

    private static string Contents(PickleDictionary dictionary)
    {
        var holders = dictionary.Entries.Where(entry => entry.Value is PickleDictionary inner && HasTensors(inner))
            .Select(entry => entry.Key);
        var opaque = dictionary.Entries.Select(entry => entry.Value).OfType<PickleOpaque>().Take(NamesShown).Select(value => value.Name)
            .Distinct().ToList();
        return $"Its entries: {Excerpt.Of(dictionary.Entries.Select(entry => entry.Key))}; those that hold tensors: {Excerpt.Of(holders)}."
            + (opaque.Count == 0 ? "" : $" Among them are {Excerpt.Of(opaque)}, which only Python can make: save tensors instead.");
    }
}
