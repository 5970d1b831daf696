using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>Small float64 networks of 3 classes whose numbers lie in parameters that are no layer's weight. Each names those to include.</summary>
internal static class IncludedNets
{
    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Create, long[]? Sample, string[] Included)> all = new()
    {
        ["LSTM"] = (() => new Recurrent(LSTM(3, 4, batchFirst: true, dtype: float64)), [4, 3], ["recurrent.weight_*"]),
        ["LSTM of two layers, both ways"] = (
            () => new Recurrent(LSTM(3, 2, numLayers: 2, bidirectional: true, batchFirst: true, dtype: float64)), [4, 3], ["recurrent.weight_*"]),
        ["GRU"] = (() => new Recurrent(GRU(3, 4, batchFirst: true, dtype: float64)), [4, 3], ["recurrent.weight_*"]),
        ["RNN"] = (() => new Recurrent(RNN(3, 4, batchFirst: true, dtype: float64)), [4, 3], ["recurrent.weight_*"]),
        ["GRU cell"] = (() => new Cell(), [4, 3], ["cell.weight_*"]),
        ["attention"] = (() => new Attention().to(float64), [4, 4], ["attention.in_proj_weight", "attention.out_proj.weight"]),
        ["encoder layer"] = (() => new Encoder().to(float64), [4, 4], ["encoder.*weight"]),
        ["embedding"] = (() => new Tokens(bag: false), null, ["tokens.weight"]),
        ["bag of embeddings"] = (() => new Tokens(bag: true), null, ["bag.weight"]),
        ["bilinear"] = (() => new Pair(), [4], ["pair.weight"]),
        ["raw parameter"] = (() => new Raw(), [4], ["mix", "shift"]),
        ["norm scales, slopes and a bias"] = (() => new Scales(), [2, 3, 3], ["bn.weight", "prelu.weight", "fc.bias"]),
    };

    internal static IReadOnlyCollection<string> Names => all.Keys;

    /// <summary>Those that take numbers, not tokens.</summary>
    internal static IEnumerable<string> OfNumbers => all.Where(net => net.Value.Sample is not null).Select(net => net.Key);

    internal static Module<Tensor, Tensor> Create(string net)
    {
        manual_seed(6);
        return all[net].Create();
    }

    internal static long[] Sample(string net) => all[net].Sample!;

    internal static ParameterSelection Selection(string net) =>
        all[net].Included.Aggregate(ParameterSelection.Default, (selection, name) => selection.Including(name));

    internal static PruningOptions Options(string net) => new() { Parameters = Selection(net), Data = DataBudget.All, Seed = 1 };

    internal static (Tensor Input, Tensor Target) Data(string net, int count = 6)
    {
        using var generator = new Generator(3);
        var input = all[net].Sample is { } sample
            ? randn([count, .. sample], float64, generator: generator)
            : randint(0, 7, [count, 4], int64, generator: generator);
        return (input, arange(count, int64).remainder(3));
    }

    private sealed class Recurrent : Module<Tensor, Tensor>
    {
        private readonly Module recurrent;
        private readonly Linear head;

        internal Recurrent(Module recurrent) : base(nameof(Recurrent))
        {
            this.recurrent = recurrent;
            head = Linear(4, 3, dtype: float64);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(Run(input).mean([1]));

        private Tensor Run(Tensor input) => recurrent switch
        {
            LSTM lstm => lstm.call(input, null).Item1,
            GRU gru => gru.call(input, null).Item1,
            RNN rnn => rnn.call(input, null).Item1,
            _ => throw new NotSupportedException(),
        };
    }

    private sealed class Cell : Module<Tensor, Tensor>
    {
        private readonly GRUCell cell = GRUCell(3, 4, dtype: float64);
        private readonly Linear head = Linear(4, 3, dtype: float64);

        internal Cell() : base(nameof(Cell)) => RegisterComponents();

        public override Tensor forward(Tensor input) =>
            head.call(input.unbind(1).Aggregate(zeros(input.size(0), 4, input.dtype), (state, x) => cell.call(x, state)));
    }

    private sealed class Attention : Module<Tensor, Tensor>
    {
        private readonly MultiheadAttention attention = MultiheadAttention(4, 2);
        private readonly Linear head = Linear(4, 3);

        internal Attention() : base(nameof(Attention)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var x = input.transpose(0, 1); // [T, B, 4]
            var (attended, _) = attention.call(x, x, x, null, true, null);
            return head.call((x + attended).mean([0]));
        }
    }

    private sealed class Encoder : Module<Tensor, Tensor>
    {
        private readonly TransformerEncoderLayer encoder = TransformerEncoderLayer(4, 2, 6, dropout: 0.1);
        private readonly Linear head = Linear(4, 3);

        internal Encoder() : base(nameof(Encoder)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(encoder.call(input.transpose(0, 1), null, null).mean([0]));
    }

    private sealed class Tokens : Module<Tensor, Tensor>
    {
        private readonly Embedding? tokens;
        private readonly EmbeddingBag? bag;
        private readonly Linear head = Linear(4, 3, dtype: float64);

        internal Tokens(bool bag) : base(nameof(Tokens))
        {
            if (bag) this.bag = EmbeddingBag(7, 4, dtype: float64);
            else tokens = Embedding(7, 4, dtype: float64);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call((bag is null ? tokens!.call(input).mean([1]) : bag.call(input)).tanh());
    }

    private sealed class Pair : Module<Tensor, Tensor>
    {
        private readonly Bilinear pair = Bilinear(4, 4, 3, dtype: float64);
        private readonly Linear head = Linear(3, 3, dtype: float64);

        internal Pair() : base(nameof(Pair)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(pair.call(input, input.tanh()).tanh());
    }

    private sealed class Raw : Module<Tensor, Tensor>
    {
        private readonly Parameter mix = Parameter(randn(5, 4, float64)), shift = Parameter(randn([], float64));
        private readonly Linear head = Linear(5, 3, dtype: float64);

        internal Raw() : base(nameof(Raw)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call((input.matmul(mix.t()) + shift).tanh());
    }

    private sealed class Scales : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv = Conv2d(2, 4, 3, padding: 1, dtype: float64);
        private readonly BatchNorm2d bn = BatchNorm2d(4, dtype: float64);
        private readonly PReLU prelu = PReLU(4, dtype: float64);
        private readonly Linear fc = Linear(4, 3, dtype: float64);

        internal Scales() : base(nameof(Scales))
        {
            RegisterComponents();
            Samples.Disturb(this);
        }

        public override Tensor forward(Tensor input) => fc.call(prelu.call(bn.call(conv.call(input))).mean([2, 3]));
    }
}
