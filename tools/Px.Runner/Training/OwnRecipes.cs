namespace Px.Runner.Training;

/// <summary>Recipes for what the paper has none for.</summary>
public static class OwnRecipes
{
    /// <summary>A pruned network that had learned the data set before: the paper's recipe for CIFAR-10 at a tenth of its rate, in two epochs.</summary>
    public static Recipe FineTune { get; } = PaperRecipes.Cifar10 with { Epochs = 2, LearningRate = 0.01 };

    /// <summary>DeepLabV3+ without a pretrained backbone: a poly schedule, one rate for all, ten epochs.</summary>
    public static Recipe Segmentation { get; } = (PaperRecipes.Voc2012 with { Epochs = 10, BatchSize = 16, LearningRate = 0.1, Prefix = null }).WithPoly();
}
