using System.Diagnostics;
using System.Globalization;
using Px.Demo.Display;
using Px.Pruning.Masking;
using Px.Pruning.Models.Data;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Demo.Training;

/// <summary>The training loop that a user of TorchSharp would write, with one line for the mask.</summary>
internal sealed class Trainer(TrainingRecipe recipe, Device device, Terminal terminal)
{
    // Reading the loss waits for a GPU to finish; not for every batch, then.
    private const int ReadLossEvery = 10;

    /// <summary>Trains a network and says how long that took.</summary>
    /// <param name="label">What the progress bar calls it.</param>
    /// <param name="network">The network, on the trainer's device.</param>
    /// <param name="images">What to train on.</param>
    /// <param name="binding">The mask to hold; null for a dense network.</param>
    /// <param name="token">Checked before every batch.</param>
    public TimeSpan Train(string label, Module<Tensor, Tensor> network, ImageDataset images, MaskBinding? binding, CancellationToken token)
    {
        var steps = images.Count / recipe.BatchSize * recipe.Epochs;
        var step = 0L;
        var loss = double.NaN;
        var watch = Stopwatch.StartNew();
        using var bar = new ProgressBar(terminal, label, "batches", steps);
        using var optimizer = optim.SGD(network.parameters().ToList(), recipe.LearningRate, recipe.Momentum, weight_decay: recipe.WeightDecay);

        network.train();
        for (var epoch = 0; epoch < recipe.Epochs; epoch++)
        {
            foreach (var (input, target) in Batches(images, epoch))
            {
                token.ThrowIfCancellationRequested();
                using var temporaries = NewDisposeScope();
                foreach (var group in optimizer.ParamGroups)
                    group.LearningRate = recipe.LearningRateAt(step, steps);

                optimizer.zero_grad();
                var error = functional.cross_entropy(network.call(input), target);
                error.backward();
                optimizer.step();
                binding?.Apply(optimizer);

                if (step++ % ReadLossEvery == 0)
                    loss = error.ToDouble();
                bar.Report(step, string.Create(CultureInfo.InvariantCulture, $"loss {loss:F3}"));
            }
        }

        return watch.Elapsed;
    }

    private IEnumerable<(Tensor Data, Tensor Label)> Batches(ImageDataset images, int epoch) => images.Batches(new ImageBatchOptions
    {
        BatchSize = recipe.BatchSize,
        ShuffleSeed = recipe.Seed,
        Epoch = epoch,
        Augmentation = new ImageAugmentation { CropPadding = 0 },
        DropLast = true,
        Device = device,
    });
}
