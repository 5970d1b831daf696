using static TorchSharp.torch;

namespace Px.Pruning.Models.StateDicts;

// How the files of one pre-training name their tensors, and which of them are the backbone's.
internal sealed class PretrainedLayout
{
    private const int NamesShown = 8;

    private readonly string title, marker;
    private readonly string[] prefixes;

    private PretrainedLayout(string title, string marker, params string[] prefixes) =>
        (this.title, this.marker, this.prefixes) = (title, marker, prefixes);

    // A classifier tells a supervised network from MoCo's encoder saved alone; the third convolution of the stem tells CLIP's from both.
    private static Dictionary<Pretraining, PretrainedLayout> All { get; } = new()
    {
        [Pretraining.ImageNet] = new("supervised ImageNet ResNet", "fc.weight", "", "module."),
        [Pretraining.MoCoV2] = new("MoCo v2 checkpoint", "conv1.weight", "module.encoder_q.", "encoder_q."),
        [Pretraining.Clip] = new("CLIP ResNet", "conv3.weight", "visual.", "module.visual.", ""),
    };

    internal static PretrainedLayout Of(Pretraining pretraining) =>
        All.TryGetValue(pretraining, out var layout) ? layout
            : throw new ArgumentOutOfRangeException(nameof(pretraining), pretraining, "There is no such pre-training.");

    // The backbone's tensors, borrowed, by the names that the library's networks have for them.
    // Throws InvalidDataException if the file is another one; the message says what is in it.
    internal Dictionary<string, Tensor> Select(string path, IReadOnlyDictionary<string, Tensor> tensors, params string[] left)
    {
        if (Prefix(tensors) is not { } prefix)
        {
            var other = All.Values.FirstOrDefault(layout => layout.Prefix(tensors) is not null);
            var markers = string.Join(" or ", prefixes.Select(start => $"'{start}{marker}'"));
            var shown = string.Join(", ", tensors.Keys.Take(NamesShown)) + (tensors.Count > NamesShown ? ", …" : "");
            throw new InvalidDataException($"'{path}' is no {title}: it has no tensor {markers}."
                + (other is null ? "" : $" It looks like a {other.title}.") + $" Its {tensors.Count} tensors: {shown}");
        }

        return tensors.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(pair => (Name: pair.Key[prefix.Length..], Tensor: pair.Value))
            .Where(pair => !Array.Exists(left, start => pair.Name.StartsWith(start, StringComparison.Ordinal)))
            .ToDictionary(pair => pair.Name, pair => pair.Tensor);
    }

    private string? Prefix(IReadOnlyDictionary<string, Tensor> tensors) =>
        Array.Find(prefixes, prefix => tensors.ContainsKey(prefix + marker));
}
