using System.Collections;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// One tensor for each of some weights of the network, in the model's order: masks, weights, gradients or scores. Owns none of them.
internal sealed class SlotTensors(IEnumerable<(WeightSlot Slot, Tensor Tensor)> entries) : IEnumerable<KeyValuePair<WeightSlot, Tensor>>
{
    private readonly Dictionary<WeightSlot, Tensor> tensors = entries.ToDictionary(entry => entry.Slot, entry => entry.Tensor);

    internal SlotTensors(IEnumerable<WeightSlot> slots, Func<WeightSlot, Tensor> tensor)
        : this(slots.Select(slot => (slot, tensor(slot)))) { }

    internal Tensor this[WeightSlot slot] => tensors[slot];

    internal IReadOnlyCollection<Tensor> Values => tensors.Values;

    internal Tensor? Find(WeightSlot slot) => tensors.GetValueOrDefault(slot);

    internal SlotTensors Map(Func<WeightSlot, Tensor, Tensor> change) =>
        new(tensors.Select(entry => (entry.Key, change(entry.Key, entry.Value))));

    internal SlotTensors Zip(SlotTensors other, Func<Tensor, Tensor, Tensor> combine) =>
        Map((slot, tensor) => combine(tensor, other[slot]));

    public IEnumerator<KeyValuePair<WeightSlot, Tensor>> GetEnumerator() => tensors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
