namespace Px.Pruning.Tests.Reference.Paths;

/// <summary>
/// A feed-forward network as single numbers: units joined by weighted edges, convolutions unrolled, one layer after another.
/// A unit's value is <c>gate(scale · Σ θₑ · value(from) + shift)</c>.
/// </summary>
internal sealed class UnitGraph
{
    private readonly List<Unit> units = [];
    private readonly List<double> weights = [];
    private readonly List<(int First, int Channels, int Height, int Width)> layers = [];

    public UnitGraph(int channels, int height = 1, int width = 1)
    {
        AddLayer(channels, height, width, _ => new Unit());
        Inputs = units.Count;
    }

    /// <summary>Units in topological order, layer by layer; the first <see cref="Inputs"/> are the inputs in C, H, W order.</summary>
    public IReadOnlyList<Unit> Units => units;

    /// <summary>Every layer's weights after one another, in the order of the calls, each in PyTorch's order.</summary>
    public IReadOnlyList<double> Weights => weights;

    public int Inputs { get; }

    /// <summary>The units of the last layer, one for each output.</summary>
    public IEnumerable<int> Outputs => Enumerable.Range(layers[^1].First, units.Count - layers[^1].First);

    public int LastLayer => layers.Count - 1;

    /// <summary>A convolution with weights [outputs, channels, kernel, kernel].</summary>
    public UnitGraph Conv2d(int outputs, int kernel, double[] weight, double[]? bias = null, int stride = 1, int padding = 0)
    {
        var (_, channels, height, width) = layers[^1];
        var (outHeight, outWidth) = ((height + 2 * padding - kernel) / stride + 1, (width + 2 * padding - kernel) / stride + 1);
        var firstWeight = AddWeights(weight, outputs * channels * kernel * kernel);
        return AddLayer(outputs, outHeight, outWidth, place =>
        {
            var unit = new Unit { Shift = bias?[place.Channel] ?? 0 };
            for (var c = 0; c < channels; c++)
            for (var i = 0; i < kernel; i++)
            for (var j = 0; j < kernel; j++)
            {
                var (row, column) = (place.Row * stride + i - padding, place.Column * stride + j - padding);
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                unit.Edges.Add(new Edge(At(^1, c, row, column), firstWeight + ((place.Channel * channels + c) * kernel + i) * kernel + j));
            }
            return unit;
        });
    }

    /// <summary>A linear layer with weights [outputs, inputs] on the flattened layer before.</summary>
    public UnitGraph Linear(int outputs, double[] weight, double[]? bias = null)
    {
        var (first, channels, height, width) = layers[^1];
        var inputs = channels * height * width;
        var firstWeight = AddWeights(weight, outputs * inputs);
        return AddLayer(outputs, 1, 1, place =>
        {
            var unit = new Unit { Shift = bias?[place.Channel] ?? 0 };
            for (var i = 0; i < inputs; i++) unit.Edges.Add(new Edge(first + i, firstWeight + place.Channel * inputs + i));
            return unit;
        });
    }

    /// <summary>A residual addition of an earlier layer of the same shape; 0 is the input.</summary>
    public UnitGraph Add(int layer)
    {
        var (first, channels, height, width) = layers[^1];
        var earlier = layers[layer].First;
        return AddLayer(channels, height, width, place =>
        {
            var offset = (place.Channel * height + place.Row) * width + place.Column;
            return new Unit { Edges = { new Edge(first + offset, Edge.Identity), new Edge(earlier + offset, Edge.Identity) } };
        });
    }

    /// <summary>An earlier layer of the same height and width behind the last one's channels.</summary>
    public UnitGraph Concat(int layer)
    {
        var (first, channels, height, width) = layers[^1];
        var (earlier, more, _, _) = layers[layer];
        return AddLayer(channels + more, height, width, place =>
        {
            var offset = (place.Channel * height + place.Row) * width + place.Column;
            var own = channels * height * width;
            return new Unit { Edges = { new Edge(offset < own ? first + offset : earlier + offset - own, Edge.Identity) } };
        });
    }

    /// <summary>Sums over windows that do not overlap: the paths of pooling of any kind.</summary>
    public UnitGraph Pool(int kernel)
    {
        var (_, channels, height, width) = layers[^1];
        return AddLayer(channels, height / kernel, width / kernel, place =>
        {
            var unit = new Unit();
            for (var i = 0; i < kernel; i++)
            for (var j = 0; j < kernel; j++) unit.Edges.Add(new Edge(At(^1, place.Channel, place.Row * kernel + i, place.Column * kernel + j), Edge.Identity));
            return unit;
        });
    }

    /// <summary>A frozen norm layer <c>y = s·x + shift</c>, one pair a channel, folded into the last layer's units.</summary>
    public UnitGraph Norm(double[] scale, double[] shift)
    {
        var (first, _, height, width) = layers[^1];
        for (var i = first; i < units.Count; i++)
        {
            var channel = (i - first) / (height * width);
            units[i].Shift = scale[channel] * units[i].Shift + shift[channel];
            units[i].Scale *= scale[channel];
        }
        return this;
    }

    /// <summary>A ReLU on the last layer.</summary>
    public UnitGraph Relu()
    {
        foreach (var unit in units.Skip(layers[^1].First)) unit.Gated = true;
        return this;
    }

    private int AddWeights(double[] weight, int expected)
    {
        weight.Should().HaveCount(expected);
        weights.AddRange(weight);
        return weights.Count - expected;
    }

    private UnitGraph AddLayer(int channels, int height, int width, Func<(int Channel, int Row, int Column), Unit> make)
    {
        var added = new List<Unit>();
        for (var c = 0; c < channels; c++)
        for (var row = 0; row < height; row++)
        for (var column = 0; column < width; column++)
            added.Add(make((c, row, column)));
        layers.Add((units.Count, channels, height, width));
        units.AddRange(added);
        return this;
    }

    private int At(Index layer, int channel, int row, int column)
    {
        var (first, _, height, width) = layers[layer];
        return first + (channel * height + row) * width + column;
    }
}

/// <summary>One number of a network.</summary>
internal sealed class Unit
{
    public List<Edge> Edges { get; } = [];
    public double Scale { get; set; } = 1;
    public double Shift { get; set; }
    public bool Gated { get; set; }
}

/// <summary>From which unit, through which weight; <see cref="Identity"/> is a fixed 1.</summary>
internal readonly record struct Edge(int From, int Weight)
{
    public const int Identity = -1;
}
