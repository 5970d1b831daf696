using System.Diagnostics;
using System.Globalization;
using Px.Runner.Display;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Runner.Training;

/// <summary>The training loop that a user of TorchSharp would write, with one line for the mask, and a checkpoint after each epoch.</summary>
/// <remarks>
/// An epoch is a function of what the checkpoint before it holds, of the seed and of its number: order and augmentation are drawn from the
/// latter two, and torch's global generators, which dropout uses, are seeded with them. On the CPU a run that was killed anywhere and resumed
/// therefore equals one that was not, bit for bit.
/// </remarks>
public sealed class Trainer(LearningTask task, Recipe recipe, Device device, Terminal terminal)
{
    // Reading the loss waits for a GPU to finish; not for every batch, then.
    private const int ReadLossEvery = 10;

    /// <summary>Trains a network to the recipe's last epoch and leaves it in training mode.</summary>
    /// <param name="subject">The network and what goes with it.</param>
    /// <param name="token">Checked before every batch.</param>
    /// <returns>How far it is, with the best measure where one was taken.</returns>
    public TrainingProgress Train(TrainingSubject subject, CancellationToken token)
    {
        var (optimizer, factors) = recipe.CreateOptimizer(subject.Network);
        using (optimizer)
        {
            subject.From?.Restore(subject.Network, optimizer);
            var progress = subject.From?.Progress ?? new TrainingProgress { Seed = subject.Seed };
            var (steps, before, watch) = (task.Steps(recipe.BatchSize), progress.Elapsed, Stopwatch.StartNew());
            using var bar = new ProgressBar(terminal, $"{subject.Label}: training", "batches", Math.Max(1, (recipe.Epochs - progress.CompletedEpochs) * steps));
            var (done, loss) = (0L, double.NaN);
            for (var epoch = progress.CompletedEpochs; epoch < recipe.Epochs; epoch++)
            {
                var step = epoch * steps;
                subject.Network.train();
                manual_seed(unchecked((subject.Seed * 1_000_003) + epoch));
                foreach (var (input, target) in task.TrainingBatches(recipe.BatchSize, subject.Seed, epoch, device))
                {
                    token.ThrowIfCancellationRequested();
                    using var temporaries = NewDisposeScope();
                    var rate = recipe.LearningRate * recipe.Schedule.FactorAt(new TrainingPosition(step++, recipe.Epochs * steps, epoch, recipe.Epochs));
                    foreach (var (group, factor) in optimizer.ParamGroups.Zip(factors))
                        group.LearningRate = rate * factor;

                    var error = Step(subject, optimizer, input, target);
                    if (done++ % ReadLossEvery == 0)
                        loss = error.ToDouble();
                    bar.Report(done, string.Create(CultureInfo.InvariantCulture, $"epoch {epoch + 1} of {recipe.Epochs}, loss {loss:F3}"));
                }

                progress = progress.After(epoch + 1, subject.Measure?.Invoke(), before + watch.Elapsed);
                if (subject.CheckpointPath is { } path)
                    TrainingCheckpoint.Save(path, progress, subject.Network, optimizer, subject.Mask);
            }

            return progress;
        }
    }

    // The pieces' sums, each over the number of labels in the whole batch, add up to the batch's mean.
    private Tensor Step(TrainingSubject subject, OptimizerHelper optimizer, Tensor input, Tensor target)
    {
        optimizer.zero_grad();
        var labels = task.Loss.Count(target);
        var mean = zeros(1, device: device);
        foreach (var (inputs, targets) in input.chunk(recipe.Accumulate).Zip(target.chunk(recipe.Accumulate)))
        {
            using var piece = NewDisposeScope();
            var error = task.Loss.Sum(subject.Network.call(inputs), targets) / labels;
            error.backward();
            mean.add_(error.detach());
        }

        optimizer.step();
        subject.Binding?.Apply(optimizer);
        return mean;
    }
}
