using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks;

/// <summary>Everything of a model that scoring must leave alone, as bytes and flags.</summary>
internal sealed class ModelState
{
    private readonly SortedDictionary<string, string> facts = new(StringComparer.Ordinal);

    private ModelState(Module model)
    {
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in model.named_parameters())
        {
            facts[$"parameter {name}"] = Bytes(parameter);
            facts[$"handle {name}"] = parameter.Handle.ToString();
            facts[$"requires_grad {name}"] = parameter.requires_grad.ToString();
            facts[$"grad {name}"] = parameter.grad is { } grad ? Bytes(grad) : "none";
        }

        foreach (var (name, buffer) in model.named_buffers()) facts[$"buffer {name}"] = Bytes(buffer);
        facts["training"] = model.training.ToString();
        foreach (var (name, module) in model.named_modules()) facts[$"training {name}"] = module.training.ToString();
    }

    internal static ModelState Of(Module model) => new(model);

    /// <summary>Fails with the names of what changed.</summary>
    internal void ShouldEqual(ModelState other)
    {
        facts.Should().NotBeEmpty();
        facts.Keys.Should().Equal(other.facts.Keys);
        facts.Where(fact => fact.Value != other.facts[fact.Key]).Select(fact => fact.Key).Should().BeEmpty();
    }

    private static string Bytes(Tensor tensor)
    {
        using var copy = tensor.detach().cpu().contiguous();
        return tensor.dtype + " " + string.Join("x", tensor.shape) + " " + Convert.ToBase64String(copy.bytes);
    }
}
