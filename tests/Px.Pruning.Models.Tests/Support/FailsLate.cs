using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Lists its tensors for a file's header, and fails when the data is asked for.</summary>
internal sealed class FailsLate : Dictionary<string, Tensor>, IReadOnlyDictionary<string, Tensor>
{
    Tensor IReadOnlyDictionary<string, Tensor>.this[string key] => throw new InvalidOperationException(key);
}
