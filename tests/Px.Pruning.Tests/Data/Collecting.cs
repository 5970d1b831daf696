using Microsoft.Extensions.Logging;
using Px.Pruning.Data;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Data;

/// <summary>Short words for collecting data as the tests want it: a model of three classes, float32 on the CPU.</summary>
internal static class Collecting
{
    public const int Classes = 3;

    public static PruningBatches Collect(
        PruningData data, DataBudget budget, int batchSize = 128, ScalarType dtype = ScalarType.Float32, ILogger? logger = null,
        Func<Inputs, long[]>? outputShape = null, CancellationToken token = default) =>
        PruningBatches.Collect(data, budget, batchSize, outputShape ?? (_ => [1, Classes]), CPU, dtype, logger, token);

    public static PruningBatches Collect(IEnumerable<(Tensor, Tensor)> batches, DataBudget budget, int batchSize = 128) =>
        Collect(PruningData.From(batches), budget, batchSize);

    /// <summary>A batch of samples of one number each, with labels.</summary>
    public static (Tensor input, Tensor target) Batch(float[] samples, long[] labels) => (tensor(samples).reshape(-1, 1), tensor(labels));

    /// <summary>The numbers of all samples in the order in which they are scored.</summary>
    public static float[] Inputs(PruningBatches batches) => [.. batches.Batches.SelectMany(batch => Values<float>(Only(batch.Input)))];

    public static long[] Targets(PruningBatches batches) => [.. batches.Batches.SelectMany(batch => Values<long>(batch.Target))];

    public static Tensor Only(Inputs inputs) => inputs.Tensors.Should().ContainSingle().Subject;

    public static T[] Values<T>(Tensor tensor) where T : unmanaged => tensor.data<T>().ToArray();
}
