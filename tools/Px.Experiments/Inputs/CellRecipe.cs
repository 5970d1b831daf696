using Px.Experiments.Grids;
using Px.Runner.Images;
using Px.Runner.Training;

namespace Px.Experiments.Inputs;

/// <summary>How a cell is trained: as in the paper where that has a recipe, except for what the cell says.</summary>
public static class CellRecipe
{
    /// <summary>The paper's recipe. Fashion-MNIST, which the paper has not, gets that of CIFAR-10; CamVid, and a network that has learned its data before, have <see cref="OwnRecipes"/>.</summary>
    public static Recipe Usual(string data, string initialization) => data switch
    {
        SegmentationSets.CamVid when initialization == Cell.FromScratch => OwnRecipes.Segmentation,
        SegmentationSets.CamVid or SegmentationSets.Voc2012 => PaperRecipes.Voc2012,
        _ when initialization == Initializations.Cifar10 => OwnRecipes.FineTune,
        _ when initialization != Cell.FromScratch => PaperRecipes.Transfer,
        KnownImages.Cifar100 or KnownImages.Synthetic => PaperRecipes.Cifar100,
        KnownImages.TinyImageNet => PaperRecipes.TinyImageNet,
        KnownImages.ImageNet => PaperRecipes.ImageNet,
        _ => PaperRecipes.Cifar10,
    };

    /// <summary>The recipe of a cell.</summary>
    public static Recipe Of(Cell cell)
    {
        var usual = Usual(cell.Data, cell.Initialization);
        return usual with { Epochs = cell.Epochs, BatchSize = cell.Batch ?? usual.BatchSize, LearningRate = cell.LearningRate ?? usual.LearningRate };
    }
}
