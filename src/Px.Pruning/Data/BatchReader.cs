using static TorchSharp.torch;

namespace Px.Pruning.Data;

/// <summary>Hands on the caller's batches, each one checked. They stay the caller's: borrowed until the next one is asked for.</summary>
internal static class BatchReader
{
    public static IEnumerable<(Tensor Input, Tensor Target)> Read(PruningData data, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var number = 0;
        foreach (var (input, target) in data.Read())
        {
            Check(input, target, ++number);
            yield return (input, target);
            token.ThrowIfCancellationRequested();
        }
    }

    public static ArgumentException NoSamples() => new("The data has no batch.");

    private static void Check(Tensor? input, Tensor? target, int number)
    {
        CheckTensor(input, "inputs", number);
        CheckTensor(target, "targets", number);
        long[] inputs = input!.shape, targets = target!.shape;
        if (inputs.Length == 0 || targets.Length == 0 || inputs[0] != targets[0])
            throw Malformed(number, $"its inputs are {ShapeText.Of(inputs)} and its targets {ShapeText.Of(targets)}, "
                + "but both must begin with the same batch dimension (single samples need a DataLoader to make batches of them).");
        if (inputs[0] == 0) throw Malformed(number, $"it has no samples: its inputs are {ShapeText.Of(inputs)}.");
    }

    private static void CheckTensor(Tensor? tensor, string what, int number)
    {
        if (tensor is null) throw Malformed(number, $"its {what} are null.");
        if (tensor.IsInvalid) throw Malformed(number, $"its {what} were already disposed.");
    }

    private static ArgumentException Malformed(int number, string what) => new($"Batch {number} of the data is malformed: {what}");
}

/// <summary>Shapes as messages write them: <c>[128, 3, 32, 32]</c>.</summary>
internal static class ShapeText
{
    public static string Of(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
