using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// Modules of the package that multiply activations with each other inside, where no hook sees them: no path can be followed through them.
internal static class ClosedModules
{
    // An UnsupportedModelException names the first one that the output depends on.
    internal static void Refuse(Network network)
    {
        var closed = network.Model.named_modules().Where(module => IsClosed(module.module))
            .Select(module => (module.name, Type: module.module.GetType().Name, Parameter: module.module.parameters().First())).ToList();
        if (closed.Count == 0) return;
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        using var borrowed = new BorrowedGradients(closed.Select(module => module.Parameter));
        var sample = network.Sample!.Full(1, network.WeightType, network.Device);
        var output = network.Run(new ShapeEvaluation { NotesShapes = false }, sample);
        if (!output.requires_grad) return;
        autograd.backward([output.sum()], inputs: [.. closed.Select(module => module.Parameter)]);
        if (closed.Find(module => module.Parameter.grad is not null) is not { name: not null } used) return;
        throw new UnsupportedModelException(
            $"'{used.name}' is a module of type {used.Type}, which multiplies activations with each other where no hook sees them, so that "
            + "no path can be followed through it. Written with layers and activations of the model's own, called through call(), each of "
            + "them is seen.")
        { Module = used.name };
    }

    private static bool IsClosed(nn.Module module) => module
        is MultiheadAttention or TransformerEncoder or TransformerEncoderLayer or TransformerDecoder or TransformerDecoderLayer
        or Transformer or LSTM or GRU or RNN or LSTMCell or GRUCell or RNNCell or Bilinear;
}
