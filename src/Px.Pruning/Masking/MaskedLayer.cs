namespace Px.Pruning.Masking;

/// <summary>The masked parameters of one layer, and whether the layer may skip its next check because the whole model was just checked.</summary>
internal sealed class MaskedLayer(IReadOnlyList<MaskedParameter> parameters)
{
    public IReadOnlyList<MaskedParameter> Parameters { get; } = parameters;

    public bool IsChecked { get; set; }
}
