using System.Globalization;

namespace Px.Demo.CommandLines;

/// <summary>The text of <c>--help</c>.</summary>
internal static class Usage
{
    public static string Text { get; } = Describe(new DemoOptions());

    private static string Describe(DemoOptions defaults) => string.Create(CultureInfo.InvariantCulture, $"""
        Prunes a ResNet-20 before training, trains what is left on Fashion-MNIST, and compares the methods.

        Options (defaults in brackets):
          --methods LIST       which methods, in this order [{string.Join(",", PruningMethods.Names)}]
          --sparsity LIST      fractions of weights to remove, each in [0, 1) [{string.Join(",", defaults.Sparsities)}]
          --rounds N           pruning rounds of every method [as many as the method's authors
                               use, but at most {PruningMethods.MostRoundsByDefault}: {PruningMethods.MostRoundsByDefault} for PX, 1 for the single-shot methods]
          --epochs N           passes over the training images [{defaults.Epochs}]
          --train-samples N    training images, 1 to 60000 [{defaults.TrainSamples}]
          --test-samples N     test images, 1 to 10000 [{defaults.TestSamples}]
          --batch N            images in a training batch [{defaults.Batch}]
          --seed N             decides initial weights, data order and random masks, the same
                               for every network [{defaults.Seed}]
          --device NAME        cpu or cuda [cpu]
          --data FOLDER        where the four files of Fashion-MNIST lie [the Debian package's folder,
                               or else a cache folder of yours, downloaded to if it is empty]
          --output FOLDER      where masks, weights, reports and results.csv go [{defaults.Output}]
          --quick              a minute's run: few images, one sparsity, two rounds; other options
                               still count
          --help               this text

        Exit codes: 0 done, 1 failed, 2 an option is wrong, 130 cancelled with Ctrl+C.
        """);
}
