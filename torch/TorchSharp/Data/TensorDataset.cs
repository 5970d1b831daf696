using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The rows of tensors of equal length. Holds handles of its own: the caller's stay valid.</summary>
public class TensorDataset : utils.data.IterableDataset
{
    private readonly Tensor[] tensors;

    internal TensorDataset(Tensor[] tensors)
    {
        if (tensors.Length == 0) throw new ArgumentException("TensorDataset must contain at least one tensor.", nameof(tensors));
        var count = tensors[0].size(0);
        if (tensors.Any(tensor => tensor.size(0) != count)) throw new ArgumentException("All tensors must have the same first dimension size.", nameof(tensors));
        this.tensors = [.. tensors.Select(tensor => tensor.alias().DetachFromDisposeScope())];
    }

    public override long Count => tensors[0].size(0);

    public IList<Tensor> this[long index] => GetTensor(index);

    public override IList<Tensor> GetTensor(long index) => tensors.Select(tensor => tensor.select(0, index)).ToList();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var tensor in tensors) tensor.Dispose();
        }
        base.Dispose(disposing);
    }
}
