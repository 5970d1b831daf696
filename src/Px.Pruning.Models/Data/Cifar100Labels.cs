namespace Px.Pruning.Models.Data;

/// <summary>Which of the two labels of a CIFAR-100 image to use. The values are the labels' places in the file.</summary>
public enum Cifar100Labels
{
    /// <summary>The twenty superclasses.</summary>
    Coarse = 0,

    /// <summary>The hundred classes.</summary>
    Fine = 1,
}
