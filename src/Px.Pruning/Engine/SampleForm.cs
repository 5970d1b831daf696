using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// What one sample of a network's inputs looks like, for runs on numbers of their own: their shapes and, for inputs that are no numbers, the
// values that the network was seen to run on. Owns these.
internal sealed class SampleForm : IDisposable
{
    private readonly List<(long[] Shape, Tensor? Values)> inputs;

    internal SampleForm(Inputs sample)
    {
        inputs = [.. sample.Tensors.Select(tensor => (tensor.shape[1..], sample.IsNumber(tensor) ? null : Copy(tensor)))];
        Numbers = Shapes.Sum(Product);
        Units = checked((int)Shapes.Sum(UnitsOf));
    }

    // How many numbers a sample has, and how many units (channels, or elements of a vector).
    internal long Numbers { get; }

    internal int Units { get; }

    // The type of an input that is no number, of which only the values of one sample are known; null where there is none.
    internal ScalarType? OtherType => inputs.Find(input => input.Values is not null).Values?.dtype;

    // Of the inputs that are numbers, without the batch dimension.
    internal IEnumerable<long[]> Shapes => inputs.Where(input => input.Values is null).Select(input => input.Shape);

    // The same number everywhere. Fresh.
    internal Inputs Full(double value, ScalarType type, Device device) => Fill(1, shape => full([1, .. shape], value, type, device));

    // Each input of numbers as make gives it for its shape, in order: [samples, …].
    internal Inputs Fill(long samples, Func<long[], Tensor> make)
    {
        var tensors = new List<Tensor>();
        foreach (var (shape, values) in inputs)
            tensors.Add(values is null ? make(shape) : values.expand([samples, .. shape]).clone());
        return new(tensors);
    }

    // Numbers [samples, …] of a sample's size, dealt out to the inputs in order; views of them where the layout allows.
    internal Inputs Deal(Tensor numbers)
    {
        long at = 0, samples = numbers.size(0);
        var flat = numbers.reshape(samples, Numbers);
        return Fill(samples, shape =>
        {
            var part = flat.narrow(1, at, Product(shape)).reshape([samples, .. shape]);
            at += Product(shape);
            return part;
        });
    }

    // Numbers [samples, Units], each at all positions of its unit, which share memory.
    internal Inputs Spread(Tensor units)
    {
        long at = 0, samples = units.size(0);
        return Fill(samples, shape =>
        {
            var part = units.narrow(1, at, UnitsOf(shape));
            at += UnitsOf(shape);
            long[] broadcast = shape.Length == 0 ? [samples] : [samples, shape[0], .. shape[1..].Select(_ => 1L)];
            return part.reshape(broadcast).expand([samples, .. shape]);
        });
    }

    // The shape of numbers for Deal: that of the input, if there is one.
    internal long[] Shape(long samples) => Shapes.ToList() is [var only] ? [samples, .. only] : [samples, Numbers];

    public void Dispose()
    {
        foreach (var (_, values) in inputs) values?.Dispose();
    }

    private static Tensor Copy(Tensor tensor)
    {
        using var detached = tensor.detach();
        return detached.clone().DetachFromDisposeScope();
    }

    private static long Product(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    private static long UnitsOf(long[] shape) => shape.Length == 0 ? 1 : shape[0];
}
