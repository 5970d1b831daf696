using System.Globalization;
using Px.Bytes;
using Px.Safetensors;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.LotteryTicket;

// The state of a run after a round, from which it can be resumed; a safetensors file. Owns its tensors.
internal sealed record ImpCheckpoint(int Completed, TrainingState Rewind, PruningMask Mask, IReadOnlyDictionary<string, string> Settings)
    : IDisposable
{
    private const string CompletedKey = "completed";
    private const string SeedKey = "seed";
    private const string RewindPrefix = "rewind/";
    private const string MaskPrefix = "mask/";

    internal void Save(string path)
    {
        var tensors = Rewind.Tensors.Select(pair => (Name: RewindPrefix + pair.Key, Tensor: pair.Value))
            .Concat(Mask.Names.Select(name => (Name: MaskPrefix + name, Tensor: Mask[name]))).ToDictionary(t => t.Name, t => t.Tensor);
        var layout = SafetensorsWriter.Layout(tensors.Select(pair => new SafetensorsEntry
        {
            Name = pair.Key,
            DType = TensorBytes.TryGetName(pair.Value.dtype, out string? type)
                ? type
                : throw new NotSupportedException($"'{pair.Key}' has the type {pair.Value.dtype}, which a checkpoint cannot hold."),
            Shape = pair.Value.shape,
        }));
        var metadata = new Dictionary<string, string>(Settings) { [CompletedKey] = Completed.ToString(CultureInfo.InvariantCulture) };
        AtomicFile.Write(path, stream =>
            SafetensorsWriter.WriteOwn(stream, layout, metadata, (entry, target) => TensorBytes.Write(target, tensors[entry.Name])));
    }

    // Throws InvalidDataException if the file is damaged or no checkpoint, IOException if it cannot be read, InvalidOperationException if
    // it is of another run.
    internal static ImpCheckpoint Load(string path, TrainingState state, PruningMask mask, IReadOnlyDictionary<string, string> settings)
    {
        using var stream = InputFile.Open(path);
        var header = SafetensorsReader.Read(stream, stream.Length, path, SafetensorsReader.OwnExpansion);
        var (rounds, seed) = (header.Metadata.GetValueOrDefault(CompletedKey), header.Metadata.GetValueOrDefault(SeedKey));
        if (!int.TryParse(rounds, NumberStyles.None, CultureInfo.InvariantCulture, out int completed)
            || !long.TryParse(seed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            throw new InvalidDataException(
                $"'{path}' is not a checkpoint of IMP: it does not say how many rounds are done, or their seed. Choose another path.");
        }

        ThrowIfOfAnotherRun(path, header, state, mask, settings);
        using var scope = NewDisposeScope();
        var tensors = header.Entries.ToDictionary(entry => entry.Name, entry => TensorBytes.Read(stream, entry));
        SafetensorsChecksum.Verify(header, path, (entry, target) => TensorBytes.Write(target, tensors[entry.Name]));
        return new ImpCheckpoint(
            completed, TrainingState.Adopt(state.Tensors.Keys.ToDictionary(name => name, name => tensors[RewindPrefix + name])),
            PruningMask.Adopt(mask.Names.Select(name => KeyValuePair.Create(name, tensors[MaskPrefix + name]))), header.Metadata);
    }

    public void Dispose()
    {
        Rewind.Dispose();
        Mask.Dispose();
    }

    private static void ThrowIfOfAnotherRun(
        string path, SafetensorsHeader header, TrainingState state, PruningMask mask, IReadOnlyDictionary<string, string> settings)
    {
        var expected = state.Tensors.Select(pair => Describe(RewindPrefix + pair.Key, pair.Value))
            .Concat(mask.Names.Select(name => Describe(MaskPrefix + name, mask[name]))).ToList();
        var found = header.Entries.Select(entry => $"{entry.Name} {entry.DType} {ShapeText.Of(entry.Shape)}").ToList();
        var differences = expected.Except(found).Select(tensor => $"the model has '{tensor}', the file has not")
            .Concat(found.Except(expected).Select(tensor => $"the file has '{tensor}', the model has not"))
            .Concat(settings.Where(s => header.Metadata.GetValueOrDefault(s.Key) != s.Value)
                .Select(s => $"{s.Key} is {s.Value}, in the file {header.Metadata.GetValueOrDefault(s.Key) ?? "nothing"}")).ToList();
        if (differences.Count == 0) return;
        string more = differences.Count > 3 ? $"; and {differences.Count - 3} more differences" : "";
        throw new InvalidOperationException(
            $"'{path}' is the checkpoint of another run: {string.Join("; ", differences.Take(3))}{more}. "
            + "Delete the file to begin anew, choose another path, or go on with the same model and settings.");
    }

    private static string Describe(string name, Tensor tensor) =>
        $"{name} {(TensorBytes.TryGetName(tensor.dtype, out string? type) ? type : tensor.dtype)} {ShapeText.Of(tensor.shape)}";
}
