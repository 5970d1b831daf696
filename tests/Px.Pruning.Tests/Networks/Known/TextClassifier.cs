using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Networks.Known;

/// <summary>An embedding, an LSTM, and two linear layers on its last output. Inputs [B, T] of token numbers, outputs [B, K].</summary>
internal sealed class TextClassifier : Module<Tensor, Tensor>
{
    internal const long Words = 50;

    private readonly Embedding words;
    private readonly LSTM lstm;
    private readonly Linear hidden, head;
    private readonly ReLU relu;
    private readonly Dropout dropout;

    internal TextClassifier(long classes) : base(nameof(TextClassifier))
    {
        words = Embedding(Words, 12);
        lstm = LSTM(12, 16, batchFirst: true);
        hidden = Linear(16, 16);
        relu = ReLU();
        dropout = Dropout(0.5);
        head = Linear(16, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var (outputs, _, _) = lstm.call(words.call(input));
        return head.call(dropout.call(relu.call(hidden.call(outputs.select(1, -1)))));
    }
}
