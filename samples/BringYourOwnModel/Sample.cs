using Px.Pruning;
using Px.Pruning.Shrinking;
using Px.Runner;
using Px.Runner.Display;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.BringYourOwnModel;

/// <summary>Prunes a module of one's own, trains it, saves mask and weights, gets both back into a fresh module, and takes out of that the channels that carry nothing.</summary>
public static class Sample
{
    private const int Side = 16, Batch = 64;

    /// <summary>Runs the program.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] arguments, Terminal terminal, CancellationToken token) => ConsoleProgram.Run(
        BlobOptions.Define().ToCommand("own-model", "Prunes a module of your own: finds the quarter of an image that a bright blob lies in.", options => Run(options, terminal, token)),
        arguments, terminal, token);

    private static void Run(BlobOptions options, Terminal terminal, CancellationToken token)
    {
        if (options.TwoInputs)
        {
            TwoInputs.Run(options, terminal, token);
            return;
        }

        var device = Devices.Choose(options.Cuda);
        manual_seed(options.Seed);
        using var model = new BlobNet().to(device);

        // Prune before training. Any sequence of (input, target) will do.
        var pruner = new PathExclusionPruner();
        using var bar = new PruningBar(terminal, "pruning", pruner.DefaultRounds);
        using var pruned = pruner.Prune(model, Blobs(4, seed: 0, device), options.Sparsity, new PruningOptions { Seed = options.Seed, Progress = bar }, token);
        terminal.WriteLine(pruned.Report.ToString());

        // Train as always, with one line for the mask.
        using (var optimizer = optim.Adam(model.parameters().ToList(), 1e-2))
        using (var steps = new ProgressBar(terminal, "training", "steps", options.Steps))
        {
            foreach (var (number, (input, target)) in Blobs(options.Steps, seed: 1, device).Index())
            {
                steps.Report(number);
                token.ThrowIfCancellationRequested();
                using var step = NewDisposeScope();
                optimizer.zero_grad();
                functional.cross_entropy(model.call(input), target).backward();
                optimizer.step();
                pruned.Binding.Apply(optimizer);
            }
        }

        // Save both, and get them back into a fresh module.
        Directory.CreateDirectory(options.Output);
        var (mask, weights) = (Path.Combine(options.Output, "mask.safetensors"), Path.Combine(options.Output, "weights.dat"));
        pruned.Mask.Save(mask);
        model.save(weights);
        using var fresh = new BlobNet().to(device);
        fresh.load(weights);
        using var reloaded = PruningMask.Load(mask);
        using var binding = reloaded.Bind(fresh);

        var (before, after) = (Accuracy(model, device), Accuracy(fresh, device));

        // Zeros make nothing faster; channels that are gone do.
        using var small = Shrinker.Shrink(fresh, [1, Side, Side], new ShrinkOptions { Binding = binding }, token);
        terminal.WriteLine(small.ToString());

        terminal.WriteLine(FormattableString.Invariant(
            $"{pruned.Mask.Kept} of {pruned.Mask.Total} weights, accuracy {100 * before:F2} %, reloaded {100 * after:F2} %, shrunk {100 * Accuracy(fresh, device):F2} %."));
        terminal.WriteLine($"Mask and weights are in {Path.GetFullPath(options.Output)}.");
    }

    private static double Accuracy(Module<Tensor, Tensor> model, Device device)
    {
        using var temporaries = NewDisposeScope();
        using var untracked = no_grad();
        model.eval();
        return Blobs(8, seed: 2, device).Average(batch => model.call(batch.Input).argmax(1).eq(batch.Target).to(ScalarType.Float64).mean().ToDouble());
    }

    // Noise with a bright square of 3×3 in one quarter. The tensors live until the next batch.
    private static IEnumerable<(Tensor Input, Tensor Target)> Blobs(int batches, int seed, Device device)
    {
        var random = new Random(seed);
        for (var batch = 0; batch < batches; batch++)
        {
            var (pixels, labels) = (new float[Batch * Side * Side], new long[Batch]);
            for (var i = 0; i < pixels.Length; i++)
                pixels[i] = random.NextSingle();
            for (var image = 0; image < Batch; image++)
            {
                labels[image] = random.Next(4);
                var (top, left) = ((int)(labels[image] / 2) * 8 + random.Next(6), (int)(labels[image] % 2) * 8 + random.Next(6));
                for (var i = 0; i < 9; i++)
                    pixels[(((image * Side) + top + (i / 3)) * Side) + left + (i % 3)] += 0.7f;
            }

            using var input = tensor(pixels, device: device).reshape(Batch, 1, Side, Side);
            using var target = tensor(labels, device: device);
            yield return (input, target);
        }
    }
}
