using Px.Pruning.Models.StateDicts;
using Px.Pruning.Models.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Models.Tests.StateDicts;

/// <summary>Modules that have one tensor under several names.</summary>
public sealed class TiedTensorsTests
{
    public static TheoryData<bool> Ties => new(false, true);

    [Theory]
    [MemberData(nameof(Ties))]
    public void LoadStateDict_OneOfTheNames_LoadsBoth(bool moduleTwice)
    {
        foreach (var name in (string[])["a.weight", "b.weight"])
        {
            using var scope = NewDisposeScope();
            using var model = new Tied(moduleTwice);
            var mismatch = model.LoadStateDict(new Dictionary<string, Tensor> { [name] = tensor(new[] { 1f, 2, 3, 4 }).view(2, 2) });
            mismatch.IsEmpty.Should().BeTrue(mismatch.ToString());
            model.A.weight.Floats().Should().Equal(1, 2, 3, 4);
            model.B.weight.Floats().Should().Equal(1, 2, 3, 4);
        }
    }

    [Theory]
    [MemberData(nameof(Ties))]
    public void LoadStateDict_DifferentValues_AreAConflictOfBothNames(bool moduleTwice)
    {
        using var scope = NewDisposeScope();
        using var model = new Tied(moduleTwice);
        var before = model.A.weight.Floats();
        var tensors = new Dictionary<string, Tensor> { ["a.weight"] = zeros(2, 2), ["b.weight"] = ones(2, 2) };
        var conflict = FluentActions.Invoking(() => model.LoadStateDict(tensors)).Should().Throw<StateDictMismatchException>()
            .WithMessage("*a.weight and b.weight: one tensor in the module, different values*").Which.Mismatch.Conflicting.Should().ContainSingle().Which;
        (conflict.Name, conflict.OtherName).Should().Be(("a.weight", "b.weight"));
        model.A.weight.Floats().Should().Equal(before);
        model.LoadStateDict(tensors, new StateDictOptions { AllowConflicting = true }).Conflicting.Should().ContainSingle();
        model.A.weight.Floats().Should().Equal(before, "neither is right");
    }

    /// <summary>An embedding has a handle of its own for the weight that it shares.</summary>
    [Theory]
    [InlineData("tokens.weight")]
    [InlineData("words.weight")]
    public void LoadStateDict_OneNameOfATiedEmbedding_LoadsBoth(string name)
    {
        using var scope = NewDisposeScope();
        var (tokens, words) = (Embedding(2, 2), Linear(2, 2, hasBias: false));
        words.weight = tokens.weight!;
        using var model = Sequential(("tokens", tokens), ("words", words));

        model.LoadStateDict(new Dictionary<string, Tensor> { [name] = tensor(new[] { 1f, 2, 3, 4 }).view(2, 2) }).IsEmpty.Should().BeTrue();

        tokens.weight!.Floats().Should().Equal(1, 2, 3, 4);
        words.weight.Floats().Should().Equal(1, 2, 3, 4);
    }

    [Fact]
    public void LoadStateDict_EqualValues_Load()
    {
        using var scope = NewDisposeScope();
        using var model = new Tied(false);
        var values = tensor(new[] { 1f, float.NaN, 3, 4 }).view(2, 2);
        model.LoadStateDict(new Dictionary<string, Tensor> { ["a.weight"] = values, ["b.weight"] = values.to(ScalarType.Float64) }).IsEmpty.Should().BeTrue();
        model.B.weight.Floats().Should().Equal(1, float.NaN, 3, 4);
    }

    [Fact]
    public void LoadStateDict_OneNameOfAnotherShape_LoadsTheOtherWhereThatIsAllowed()
    {
        using var scope = NewDisposeScope();
        using var model = new Tied(false);
        var tensors = new Dictionary<string, Tensor> { ["a.weight"] = zeros(3, 2), ["b.weight"] = ones(2, 2) };
        FluentActions.Invoking(() => model.LoadStateDict(tensors)).Should().Throw<StateDictMismatchException>().WithMessage("*a.weight: Float32 [2, 2] in the module*");
        model.LoadStateDict(tensors, new StateDictOptions { AllowConflicting = true });
        model.A.weight.Floats().Should().Equal(1, 1, 1, 1);
    }

    [Fact]
    public void LoadStateDict_NeitherName_IsMissingUnderBoth()
    {
        using var model = new Tied(false);
        FluentActions.Invoking(() => model.LoadStateDict(new Dictionary<string, Tensor>())).Should().Throw<StateDictMismatchException>()
            .Which.Mismatch.Missing.Should().BeEquivalentTo("a.weight", "b.weight");
    }

    [Fact]
    public void LoadWeights_WhatATiedModuleSaved_LoadsInBothFormats()
    {
        using var folder = new TemporaryFolder();
        using var first = new Tied(false);
        using var second = new Tied(false);
        first.SaveCheckpoint(folder.Path("x.pth"));
        first.SaveSafetensors(folder.Path("x.safetensors"));
        foreach (var file in Directory.GetFiles(folder.Root))
        {
            second.LoadWeights(file).IsEmpty.Should().BeTrue();
            second.B.weight.Floats().Should().Equal(first.A.weight.Floats());
        }
    }

    private sealed class Tied : Module<Tensor, Tensor>
    {
        private readonly Linear a = Linear(2, 2, hasBias: false), b;

        public Tied(bool moduleTwice)
            : base(nameof(Tied))
        {
            b = moduleTwice ? a : Linear(2, 2, hasBias: false);
            if (!moduleTwice)
                b.weight = a.weight;
            RegisterComponents();
        }

        public Linear A => a;

        public Linear B => b;

        public override Tensor forward(Tensor input) => b.call(a.call(input));
    }
}
