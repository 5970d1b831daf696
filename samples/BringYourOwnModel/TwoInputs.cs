using Px.Pruning;
using Px.Pruning.Analysis;
using Px.Pruning.Shrinking;
using Px.Runner;
using Px.Runner.Display;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Samples.BringYourOwnModel;

/// <summary>The same for a module with an image and a hint as inputs and a tuple as output, and batches that are records: prunes, trains, counts and shrinks it.</summary>
public static class TwoInputs
{
    private const int Side = 16, Batch = 64;

    private sealed record Example(Tensor Image, Tensor Hint, Tensor Quarter);

    /// <summary>Writes what it finds to the terminal.</summary>
    public static void Run(BlobOptions options, Terminal terminal, CancellationToken token)
    {
        var device = Devices.Choose(options.Cuda);
        manual_seed(options.Seed);
        using var net = new HintNet().to(device);

        // How the module is called, and what of its output counts: both heads beside each other, which the loss takes apart.
        var model = PruningModel.From(net, (net, inputs) =>
        {
            var (quarter, isLower) = net.call(inputs[0], inputs[1]);
            return cat([quarter, isLower], 1);
        });
        var data = PruningData.From(Examples(4, seed: 0, device), batch => ([batch.Image, batch.Hint], batch.Quarter));
        var settings = new PruningOptions { Loss = Loss, Data = DataBudget.Batches(4), Seed = options.Seed };
        using var pruned = new SnipPruner().Prune(model, data, options.Sparsity, settings, token);
        terminal.WriteLine(pruned.Report.ToString());

        using (var optimizer = optim.Adam(net.parameters().ToList(), 1e-2))
        using (var steps = new ProgressBar(terminal, "training", "steps", options.Steps))
        {
            foreach (var (number, batch) in Examples(options.Steps, seed: 1, device).Index())
            {
                steps.Report(number);
                token.ThrowIfCancellationRequested();
                using var step = NewDisposeScope();
                optimizer.zero_grad();
                var (quarter, isLower) = net.call(batch.Image, batch.Hint);
                Loss(cat([quarter, isLower], 1), batch.Quarter).backward();
                optimizer.step();
                pruned.Binding.Apply(optimizer);
            }
        }

        var shapes = PruningData.Shapes([1, Side, Side], [2]);
        var analysis = NetworkAnalysis.Analyze(model, shapes, pruned.Mask, token);
        terminal.WriteLine(analysis.ToString());
        double before = Accuracy(net, device);
        using var small = Shrinker.Shrink(model, shapes, new ShrinkOptions { Binding = pruned.Binding }, token);
        terminal.WriteLine(small.ToString());
        terminal.WriteLine(FormattableString.Invariant(
            $"{pruned.Mask.Kept} of {pruned.Mask.Total} weights, accuracy {100 * before:F2} %, shrunk {100 * Accuracy(net, device):F2} %."));
    }

    private static Tensor Loss(Tensor outputs, Tensor quarter) =>
        functional.cross_entropy(outputs[.., ..4], quarter) + functional.cross_entropy(outputs[.., 4..], quarter.div(2, RoundingMode.floor).to(ScalarType.Int64));

    private static double Accuracy(HintNet net, Device device)
    {
        using var temporaries = NewDisposeScope();
        using var untracked = no_grad();
        net.eval();
        return Examples(8, seed: 2, device).Average(batch =>
            net.call(batch.Image, batch.Hint).Quarter.argmax(1).eq(batch.Quarter).to(ScalarType.Float64).mean().ToDouble());
    }

    // Noise with a bright square of 3×3 in an upper quarter and one in a lower quarter; the hint says which of the two is meant. The tensors
    // live until the next batch.
    private static IEnumerable<Example> Examples(int batches, int seed, Device device)
    {
        var random = new Random(seed);
        for (var batch = 0; batch < batches; batch++)
        {
            var (pixels, hints, quarters) = (new float[Batch * Side * Side], new float[Batch * 2], new long[Batch]);
            for (var i = 0; i < pixels.Length; i++)
                pixels[i] = random.NextSingle();
            for (var image = 0; image < Batch; image++)
            {
                var meant = random.Next(2);
                hints[(2 * image) + meant] = 1;
                for (var half = 0; half < 2; half++)
                {
                    var right = random.Next(2);
                    if (half == meant)
                        quarters[image] = (2 * half) + right;
                    var (top, left) = ((8 * half) + random.Next(6), (8 * right) + random.Next(6));
                    for (var i = 0; i < 9; i++)
                        pixels[(((image * Side) + top + (i / 3)) * Side) + left + (i % 3)] += 0.7f;
                }
            }

            using var input = tensor(pixels, device: device).reshape(Batch, 1, Side, Side);
            using var hint = tensor(hints, device: device).reshape(Batch, 2);
            using var target = tensor(quarters, device: device);
            yield return new Example(input, hint, target);
        }
    }
}
