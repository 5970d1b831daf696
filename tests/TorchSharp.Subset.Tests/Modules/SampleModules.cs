using TorchSharp.Modules;
using TorchSharp.Utils;

using static TorchSharp.torch;

namespace TorchSharp.Subset.Tests.Modules;

/// <summary>One parameter and three buffers: float, integer, and one that no state dictionary sees.</summary>
internal sealed class Leaf : nn.Module
{
    public Parameter p = ones(1).AsParameter();
    public Tensor b = ones(2);
    public Tensor count = ones([], ScalarType.Int64);

    public Leaf() : base(nameof(Leaf))
    {
        RegisterComponents();
        register_buffer("hidden", ones(3), persistent: false);
    }
}

internal class BaseWithFields : nn.Module<Tensor, Tensor>
{
    private readonly Parameter inBase = ones(1).AsParameter();

    internal BaseWithFields() : base(nameof(BaseWithFields))
    {
    }

    public override Tensor forward(Tensor input) => input * inBase;
}

/// <summary>Every kind of field there is to register or not.</summary>
internal sealed class AllKinds : BaseWithFields
{
    private readonly Linear first = nn.Linear(1, 1);

    [ComponentName(Name = "renamed")]
    private readonly Parameter second = ones(1).AsParameter();

    private readonly Tensor third = ones(1);
    private readonly ReLU? nothing;
    private readonly List<nn.Module> unseen = [nn.Linear(1, 1)];
    private readonly Linear[] unseenToo = [nn.Linear(1, 1)];

    internal AllKinds(ReLU? nothing = null)
    {
        this.nothing = nothing;
        RegisterComponents();
    }

    internal Linear? Late { get; set; }

    internal int Unseen => unseen.Count + unseenToo.Length + (nothing is null ? 0 : 1);

    public override Tensor forward(Tensor input) => first.call(input) * second + third;
}

internal sealed class Nested : nn.Module<Tensor, Tensor>
{
    internal readonly Linear a = nn.Linear(2, 2);
    internal readonly Sequential s = nn.Sequential(("x", nn.Linear(2, 2)), ("y", nn.Sequential(nn.ReLU(), nn.BatchNorm1d(2))));

    internal Nested() : base(nameof(Nested))
    {
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => s.call(a.call(input));
}

internal sealed class SharedTwice : nn.Module
{
    internal readonly Linear one = nn.Linear(1, 1);
    internal readonly Linear two;

    internal SharedTwice() : base(nameof(SharedTwice))
    {
        two = one;
        RegisterComponents();
    }
}

/// <summary>Forgets RegisterComponents.</summary>
internal sealed class Forgetful : nn.Module
{
    internal readonly Linear inner = nn.Linear(1, 1);

    internal Forgetful() : base(nameof(Forgetful))
    {
    }
}

internal sealed class Holder<T> : nn.Module where T : nn.Module
{
    internal T child;

    internal Holder(T child) : base("Holder")
    {
        this.child = child;
        RegisterComponents();
    }
}

/// <summary>A module of two inputs.</summary>
internal sealed class Difference : nn.Module<Tensor, Tensor, Tensor>
{
    internal Difference() : base(nameof(Difference))
    {
    }

    public override Tensor forward(Tensor input1, Tensor input2) => input1 - input2;
}

/// <summary>What it is given times two.</summary>
internal sealed class Twice : nn.Module<Tensor, Tensor>
{
    internal Twice() : base(nameof(Twice))
    {
    }

    public override Tensor forward(Tensor input) => input * 2;
}
